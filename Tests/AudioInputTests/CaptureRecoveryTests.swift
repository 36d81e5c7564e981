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

  @Test func anOverrunIsCountedAndCaptureGoesOn() throws {
    let (capture, stream) = capture([.samples([1, 2]), .error(EPIPE), .wait, .samples([3])])
    #expect(try read(capture) == .samples(2))
    #expect(try read(capture) == .gap)
    #expect(try read(capture) == .samples(1))
    #expect(try read(capture) == .end)
    #expect(capture.overruns == 1 && capture.suspends == 0 && stream.prepared == 1)
  }

  @Test func nothingFromBeforeAGapComesAfterIt() throws {
    // At 48 kHz the resampler holds input back; after a gap it must begin as new.
    let tone = noise(3_000, seed: 21)
    let (capture, _) = capture(
      [.samples(noise(160, seed: 20)), .error(EPIPE)] + tone.chunks(of: 160).map(ScriptedStream.Answer.samples),
      rate_hz: 48_000)
    var outcome = try read(capture)
    while outcome != .gap { outcome = try read(capture) }
    let after = try readAll(capture)
    #expect(after == Array(resample(tone, rate_hz: 48_000).prefix(after.count)) && after.count > 900)
  }

  @Test func aSuspendIsResumedOrStartedAnew() throws {
    let (first, stream) = capture([.samples([1]), .error(ESTRPIPE), .samples([2])])
    stream.resumes = [-EAGAIN, -EAGAIN, 0]
    #expect(try read(first) == .samples(1))
    #expect(try read(first) == .gap)
    #expect(try read(first) == .samples(1))
    #expect(first.suspends == 1 && stream.prepared == 0)

    let (second, other) = capture([.error(ESTRPIPE), .samples([2])])
    other.resumes = [-ENOSYS]
    #expect(try read(second) == .gap)
    #expect(try read(second) == .samples(1))
    #expect(other.prepared == 1)
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
    let (capture, _) = capture([.timeout])
    #expect(audioError { _ = try read(capture) }?.kind == .io)
  }

  @Test func aDeviceThatNeverRecoversIsAnError() {
    let (capture, _) = capture(.init(repeating: .error(EPIPE), count: 20))
    #expect(audioError { while try read(capture) == .gap {} }?.kind == .io)
    #expect(capture.overruns == 11)
  }

  @Test func anyNumberOfOverrunsIsFineBetweenSamples() throws {
    let (capture, _) = capture((0..<100).flatMap { _ in [.error(EPIPE), .samples([1])] })
    for _ in 0..<100 {
      #expect(try read(capture) == .gap)
      #expect(try read(capture) == .samples(1))
    }
    #expect(capture.overruns == 100)
  }
}

/// A device that answers by script; at its end it is as if someone had said stop.
private final class ScriptedStream: CaptureStream {
  enum Answer {
    case samples([Int16])
    case wait
    case timeout
    case error(Int32)
  }

  var resumes: [Int32] = []
  private(set) var prepared = 0
  private var script: [Answer]

  init(_ script: [Answer]) {
    self.script = script
    super.init(pcm: nil, stopDescriptor: nil)
  }

  override func read(into target: UnsafeMutableRawPointer, frames: Int) -> Int {
    guard let answer = script.first else { return -Int(EAGAIN) }
    switch answer {
    case .samples(let samples):
      script.removeFirst()
      target.copyMemory(from: samples, byteCount: 2 * samples.count)
      return samples.count
    case .wait, .timeout: return -Int(EAGAIN)
    case .error(let code):
      script.removeFirst()
      return -Int(code)
    }
  }

  override func waitForSamples() -> Outcome {
    guard let answer = script.first else { return .stopped }
    script.removeFirst()
    if case .timeout = answer { return .failed(-ETIMEDOUT) }
    return .ready
  }

  override func prepare() -> Int32 {
    prepared += 1
    return 0
  }

  override func resume() -> Int32 { resumes.removeFirst() }
}

extension Array {
  fileprivate func chunks(of size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
