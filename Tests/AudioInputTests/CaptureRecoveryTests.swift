import Glibc
import Testing

@testable import AudioInput

/// What a device may answer, without the device.
@Suite struct CaptureRecoveryTests {
  private func capture(_ script: [ScriptedStream.Answer], rate_hz: Int = 16_000) -> (ALSACapture, ScriptedStream) {
    let stream = ScriptedStream(script)
    let format = CaptureFormat(
      rate_hz: rate_hz, channels: 1, format: "S16_LE", period_frames: 160, buffer_frames: 8_000)
    return (ALSACapture(device: "scripted", stream: stream, format: format, layout: .int16), stream)
  }

  private func read(_ capture: ALSACapture) throws -> AudioRead {
    var room = [Int16](repeating: 0, count: 160)
    return try room.withUnsafeMutableBufferPointer { try capture.read(into: $0) }
  }

  private func gap(_ cause: SoundLoss.Cause, ms: Int64 = 0) -> AudioRead {
    .gap(SoundLoss(cause, lost_samples: ms * 16))
  }

  @Test func anOverrunIsToldWithTheTimeLostAndCaptureGoesOn() throws {
    let (capture, stream) = capture([
      .samples([1, 2]), .pass(ms: 700), .error(EPIPE), .wait, .pass(ms: 50), .samples([3]),
    ])
    #expect(try read(capture) == .samples(2))
    #expect(try read(capture) == gap(.overrun, ms: 750))
    #expect(try read(capture) == .samples(1))
    #expect(try read(capture) == .end)
    #expect(stream.prepared == 1)
  }

  @Test func anErrorIsGotOverAsAnOverrunIs() throws {
    let (capture, stream) = capture([.samples([1]), .error(EIO), .samples([2, 3])])
    #expect(try read(capture) == .samples(1))
    #expect(try read(capture) == gap(.error))
    #expect(try read(capture) == .samples(2))
    #expect(stream.prepared == 1)
  }

  @Test func aGapThatBeginsInAnotherIsOne() throws {
    let (capture, _) = capture([.samples([1]), .error(EPIPE), .error(EIO), .error(ESTRPIPE), .samples([2])])
    #expect(try read(capture) == .samples(1))
    guard case .gap(let loss) = try read(capture) else { Issue.record("no gap"); return }
    #expect(loss.cause == .overrun)
    #expect(try read(capture) == .samples(1))
  }

  @Test func nothingFromBeforeAGapComesAfterIt() throws {
    // At 48 kHz the resampler holds input back; after a gap it must begin as new.
    let tone = noise(3_000, seed: 21)
    let (capture, _) = capture(
      [.samples(noise(160, seed: 20)), .error(EPIPE)] + tone.chunks(of: 160).map(ScriptedStream.Answer.samples),
      rate_hz: 48_000)
    var outcome = try read(capture)
    while outcome != gap(.overrun) { outcome = try read(capture) }
    let after = try readAll(capture)
    #expect(after == Array(resample(tone, rate_hz: 48_000).prefix(after.count)) && after.count > 900)
  }

  @Test func aSuspendIsResumedOrStartedAnew() throws {
    let (first, stream) = capture([.samples([1]), .error(ESTRPIPE), .samples([2])])
    stream.resumes = [-EAGAIN, -EAGAIN, 0]
    #expect(try read(first) == .samples(1))
    #expect(try read(first) == gap(.suspend, ms: 100))  // two waits of 50 ms
    #expect(try read(first) == .samples(1))
    #expect(stream.prepared == 0)

    let (second, other) = capture([.error(ESTRPIPE), .samples([2])])
    other.resumes = [-ENOSYS]
    #expect(try read(second) == gap(.suspend))
    #expect(try read(second) == .samples(1))
    #expect(other.prepared == 1)
  }

  @Test func aNightAsleepIsASuspendAndNotADeviceThatStandsStill() throws {
    let (capture, stream) = capture([.samples([1]), .sleep(ms: 28_800_000), .error(ESTRPIPE), .samples([2])])
    stream.resumes = [-EAGAIN, 0]
    #expect(try read(capture) == .samples(1))
    #expect(try read(capture) == gap(.suspend, ms: 28_800_050))
    #expect(try read(capture) == .samples(1))

    // Plugins give no error when they go on; nor do they then.
    let (other, _) = self.capture([.samples([1]), .sleep(ms: 60_000), .samples([2])])
    #expect(try read(other) == .samples(1))
    #expect(try read(other) == .samples(1))
  }

  @Test func aResumeThatIsNoneIsStartedAnew() throws {
    // alsa-lib's ioplug says that it resumed whatever its plugin answers.
    let (capture, stream) = capture([.error(ESTRPIPE), .error(ESTRPIPE), .samples([2])])
    #expect(try read(capture) == gap(.suspend))
    #expect(try read(capture) == .samples(1))
    #expect(stream.prepared == 1)
  }

  @Test func aSuspendThatNeverEndsIsStartedAnew() throws {
    let (capture, stream) = capture([.error(ESTRPIPE), .samples([2])])
    stream.resumes = .init(repeating: -EAGAIN, count: 1000)
    #expect(try read(capture) == gap(.suspend, ms: 3_000))
    #expect(stream.prepared == 1)
  }

  @Test func anInterruptedReadIsReadAgain() throws {
    let (capture, _) = capture([.error(EINTR), .wait, .wait, .samples([5, 6, 7])])
    #expect(try read(capture) == .samples(3))
  }

  @Test func anUnpluggedDeviceIsAnError() {
    let (capture, _) = capture([.error(ENODEV)])
    let error = audioError { _ = try read(capture) }
    #expect(
      error?.kind == .noSuchDevice
        && error?.description == "scripted: has gone (unplugged?); plug it in and start again")
  }

  @Test func aSilentDeviceIsAnError() {
    let (capture, stream) = capture([.timeout])
    #expect(audioError { _ = try read(capture) }?.isStill == true)
    #expect(stream.time_ms == 3_000)
  }

  @Test(arguments: [EAGAIN, EINTR, 0]) func aDeviceThatOnlySaysReadyCostsNoProcessorAndEnds(code: Int32) {
    let (capture, stream) = capture(.init(repeating: .error(code), count: 10_000))
    #expect(audioError { _ = try read(capture) }?.isStill == true)
    // 10 ms between reads, but for the first two.
    #expect(stream.reads <= 303 && stream.time_ms == 3_000)
  }

  @Test(arguments: [EPIPE, EIO]) func aDeviceThatNeverRecoversIsAnErrorAndNoBusyLoop(code: Int32) {
    let (capture, stream) = capture(.init(repeating: .error(code), count: 20))
    #expect(audioError { _ = try read(capture) }?.kind == .io)
    #expect(stream.prepared == 5 && stream.time_ms == 10 + 20 + 40 + 80)
  }

  @Test func anyNumberOfOverrunsIsFineBetweenSamples() throws {
    let (capture, stream) = capture((0..<100).flatMap { _ in [.error(EPIPE), .samples([1])] })
    for _ in 0..<100 {
      #expect(try read(capture) == gap(.overrun))
      #expect(try read(capture) == .samples(1))
    }
    #expect(stream.prepared == 100 && stream.time_ms == 0)
  }

  @Test func shortReadsAreReadOn() throws {
    let (capture, _) = capture((0..<50).map { .samples([Int16($0)]) })
    #expect(try readAll(capture) == (0..<50).map { Int16($0) })
  }
}

extension Array {
  fileprivate func chunks(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
