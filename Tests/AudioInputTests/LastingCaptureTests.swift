import Glibc
import Testing

@testable import AudioInput

/// A device that is lost and comes back, by script.
@Suite struct LastingCaptureTests {
  /// What each attempt to open the device gives.
  enum Opening {
    case fails(AudioError.Kind)
    case works([ScriptedStream.Answer])
  }

  private var quick: CapturePolicy {
    var policy = CapturePolicy()
    policy.firstWait_ms = 1
    policy.lastWait_ms = 4
    return policy
  }

  private func lasting(
    _ openings: [Opening], policy: CapturePolicy, stopDescriptor: Int32? = nil
  ) throws -> (LastingCapture, Count) {
    var left = openings
    let count = Count()
    let capture = try LastingCapture(device: "mic", stopDescriptor: stopDescriptor, policy: policy) {
      (name) throws(AudioError) in
      count.value += 1
      guard !left.isEmpty else { throw AudioError(.noSuchDevice, name, "no such device") }
      switch left.removeFirst() {
      case .fails(let kind): throw AudioError(kind, name, "as the script says")
      case .works(let script):
        let format = CaptureFormat(
          rate_hz: 16_000, channels: 1, format: "S16_LE", period_frames: 160, buffer_frames: 8_000)
        return ALSACapture(device: name, stream: ScriptedStream(script), format: format, layout: .int16, policy: policy)
      }
    }
    return (capture, count)
  }

  final class Count { var value = 0 }

  private func read(_ capture: LastingCapture) throws -> AudioRead {
    var room = [Int16](repeating: 0, count: 160)
    return try room.withUnsafeMutableBufferPointer { try capture.read(into: $0) }
  }

  private func gapCause(_ read: AudioRead) -> SoundLoss.Cause? {
    if case .gap(let loss) = read { loss.cause } else { nil }
  }

  @Test(arguments: [(ENODEV, SoundLoss.Cause.gone), (EIO, .failed), (EFAULT, .failed)])
  func aLostDeviceIsToldOnceAndOpenedAgain(code: Int32, cause: SoundLoss.Cause) throws {
    let lost = [ScriptedStream.Answer.samples([1])] + .init(repeating: .error(code), count: 10)
    let (capture, count) = try lasting(
      [
        .works(lost), .fails(.noSuchDevice), .fails(.permissionDenied), .fails(.deviceBusy), .fails(.io),
        .works([.samples([2])]),
      ],
      policy: quick)
    #expect(try read(capture) == .samples(1))
    #expect(try read(capture) == .lost(cause))
    #expect(gapCause(try read(capture)) == cause)
    #expect(try read(capture) == .samples(1))
    #expect(try read(capture) == .end)
    #expect(count.value == 6)
  }

  @Test func aDeviceThatStandsStillIsOpenedAgain() throws {
    let (capture, _) = try lasting([.works([.samples([1]), .timeout]), .works([.samples([2, 3])])], policy: quick)
    #expect(try read(capture) == .samples(1))
    #expect(try read(capture) == .lost(.still))
    #expect(gapCause(try read(capture)) == .still)
    #expect(try read(capture) == .samples(2))
  }

  @Test func aDeviceThatFailsBeforeItsFirstSampleIsNotToldAgain() throws {
    let (capture, count) = try lasting(
      [.works([.samples([1]), .error(ENODEV)])] + .init(repeating: .works([.error(ENODEV)]), count: 20)
        + [.works([.samples([2])])], policy: quick)
    #expect(try read(capture) == .samples(1))
    #expect(try read(capture) == .lost(.gone))
    #expect(gapCause(try read(capture)) == .gone)
    #expect(count.value == 22)
  }

  @Test func attemptsGetRarerAndAWellDeviceBringsThemBack() throws {
    var policy = CapturePolicy()
    policy.firstWait_ms = 10
    policy.lastWait_ms = 40
    let flapping = Opening.works([.samples([1]), .error(ENODEV)])
    let well = Opening.works([.samples([1]), .pass(ms: 6_000), .samples([1]), .error(ENODEV)])
    let (capture, _) = try lasting(
      [flapping, flapping, flapping, flapping, well, .works([.samples([9, 9])])], policy: policy)
    for wait_ms in [10, 20, 40, 40, 10] as [Int32] {
      while try read(capture) != .lost(.gone) {}
      #expect(capture.wait_ms == wait_ms)
      let before_ms = bootTime_ms()
      _ = try read(capture)
      #expect(bootTime_ms() - before_ms >= Int64(wait_ms - 2))
    }
  }

  @Test func quitMakesTheLossAnError() throws {
    var policy = quick
    policy.reopens = false
    let (capture, count) = try lasting([.works([.samples([1]), .error(ENODEV)]), .works([])], policy: policy)
    #expect(try read(capture) == .samples(1))
    #expect(audioError { _ = try read(capture) }?.kind == .noSuchDevice)
    #expect(count.value == 1)
  }

  @Test func aDeviceThatIsNotThereIsWaitedForOnlyWhenAsked() throws {
    #expect(audioError { _ = try lasting([.fails(.noSuchDevice)], policy: quick) }?.kind == .noSuchDevice)
    var policy = quick
    policy.waitsAtStart = true
    #expect(audioError { _ = try lasting([.fails(.unsupported)], policy: policy) }?.kind == .unsupported)
    let (capture, _) = try lasting(
      [.fails(.noSuchDevice), .fails(.noSuchDevice), .works([.samples([7])])], policy: policy)
    #expect(capture.format == nil && capture.whyAbsent?.kind == .noSuchDevice)
    #expect(try read(capture) == .lost(.absent))
    #expect(gapCause(try read(capture)) == .absent)
    #expect(try read(capture) == .samples(1))
  }

  @Test func stopEndsTheWait() throws {
    var policy = CapturePolicy()
    policy.waitsAtStart = true
    policy.firstWait_ms = 20_000
    let stop = TestPipe()
    let (capture, _) = try lasting([.fails(.noSuchDevice)], policy: policy, stopDescriptor: stop.reading)
    #expect(try read(capture) == .lost(.absent))
    stop.write([0])
    #expect(try read(capture) == .end)
    stop.finish()
  }
}

@Suite struct StableNameTests {
  @Test(arguments: [
    ("hw:1,0", "hw:CARD=Mic,DEV=0"), ("hw:1", "hw:CARD=Mic"), ("plughw:1,0,2", "plughw:CARD=Mic,DEV=0,SUBDEV=2"),
    ("hw:CARD=1,DEV=0", "hw:CARD=Mic,DEV=0"), ("hw:CARD=Mic,DEV=0", "hw:CARD=Mic,DEV=0"), ("hw:2", "hw:2"),
    ("default", "default"), ("mine:1,0", "mine:1,0"), ("hw:", "hw:"), ("hw:-1", "hw:-1"),
  ]) func ofANumber(device: String, stable: String) {
    #expect(stableName(of: device, cardName: { $0 == 1 ? "Mic" : nil }) == stable)
  }
}
