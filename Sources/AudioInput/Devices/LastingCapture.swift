import CALSA
import Glibc

/// A microphone that stays: when it is unplugged, fails or stands still, it is closed, waited for, and opened again by its stable
/// name.
///
/// `read` gives `.lost` when the sound ends, then waits, and gives `.gap` when it is back. While sound flows, the read path
/// allocates nothing, takes no lock and touches no file; opening a device again does all of that, at a time when there is no
/// sound to lose.
public final class LastingCapture: AudioSource {
  /// The name it is opened by: the stable one, where the device has one.
  public let device: String

  private let policy: CapturePolicy
  private let stopDescriptor: Int32?
  private let open: (String) throws(AudioError) -> ALSACapture
  private var capture: ALSACapture?
  private var lostAt_ms: Int64 = 0
  private var loss: SoundLoss.Cause?
  /// How long the next attempt to open it waits.
  private(set) var wait_ms: Int32

  /// Opens a device, or says why it cannot be opened.
  ///
  /// - Parameters:
  ///   - device: a name of alsa-lib: `default`, `hw:0`, `plughw:CARD=Mic,DEV=0`.
  ///   - stopDescriptor: when it becomes readable, a blocked `read` gives `.end`.
  ///   - settings: what is asked of the device instead of what would be chosen.
  ///   - policy: what is done about a device that is lost, or not there yet.
  /// - Throws: AudioError, `.unsupported` for settings out of their range, and as `ALSACapture`; with `policy.waitsAtStart` only for a device that offers nothing that can be read.
  public convenience init(
    device: String, stopDescriptor: Int32? = nil, settings: CaptureSettings = CaptureSettings(), policy: CapturePolicy
  ) throws(AudioError) {
    try settings.check(of: device)
    try self.init(device: stableName(of: device), stopDescriptor: stopDescriptor, policy: policy) {
      (name) throws(AudioError) in
      try ALSACapture(
        device: name, stopDescriptor: stopDescriptor, preferences: settings.preferences, settings: settings,
        policy: policy)
    }
  }

  init(
    device: String, stopDescriptor: Int32?, policy: CapturePolicy,
    open: @escaping (String) throws(AudioError) -> ALSACapture
  ) throws(AudioError) {
    self.device = device
    self.policy = policy
    self.stopDescriptor = stopDescriptor
    self.open = open
    wait_ms = policy.firstWait_ms
    do {
      capture = try open(device)
    } catch {
      guard policy.waitsAtStart, error.kind != .unsupported else { throw error }
      lostAt_ms = bootTime_ms()
      whyAbsent = error
    }
  }

  /// What the device delivers; nil while it is waited for. For whoever made it, before the first `read`.
  public var format: CaptureFormat? { capture?.format }
  /// How loud the channels were that were mixed; nil while the device is waited for.
  public var channelBalance: ChannelBalance? { capture?.channelBalance }
  /// Why the device could not be opened at the start, where it is waited for.
  public private(set) var whyAbsent: AudioError?

  /// Waits for the device.
  ///
  /// - Throws: AudioError, as `ALSACapture`, where the policy is not to open a lost device again.
  public func read(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead {
    while true {
      guard let capture else {
        if loss == nil {
          loss = .absent
          return .lost(.absent)
        }
        guard openAgain() else { return .end }
        continue
      }
      do {
        let result = try capture.read(into: buffer)
        if case .gap = result { loss = nil }
        return result
      } catch {
        guard policy.reopens else { throw error }
        let isNews = lose(capture, error)
        if let loss, isNews { return .lost(loss) }
      }
    }
  }

  /// Closes the device. False where its loss was told before and no sound has come since.
  private func lose(_ capture: ALSACapture, _ error: AudioError) -> Bool {
    if capture.soundTime_ms >= policy.proof_ms { wait_ms = policy.firstWait_ms }
    self.capture = nil
    guard loss == nil else { return false }
    loss =
      switch error.kind {
      case .noSuchDevice: .gone
      default: error.isStill ? .still : .failed
      }
    lostAt_ms = capture.lastSound_ms
    return true
  }

  /// Waits and tries, less and less often. False: stop was requested.
  private func openAgain() -> Bool {
    while true {
      var entry = pollfd(fd: stopDescriptor ?? -1, events: Int16(POLLIN), revents: 0)
      if poll(&entry, 1, wait_ms) > 0 { return false }
      wait_ms = min(2 * wait_ms, policy.lastWait_ms)
      // alsa-lib keeps what it read of the cards; a card that came since would not be in it.
      snd_config_update_free_global()
      guard let opened = try? open(device) else { continue }
      opened.continues(after: loss ?? .gone, since_ms: lostAt_ms)
      capture = opened
      return true
    }
  }
}
