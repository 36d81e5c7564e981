import Glibc

/// A microphone (or any other capture device of ALSA), live, from one opening until it is lost.
///
/// It takes the device as it is (see `format`): no resampling or mixing by alsa-lib where that can be had, because the
/// resampler here is the one whose bits are known. The stream starts with the first `read`. After an overrun, an error or
/// a suspended machine capture goes on, and `read` gives `.gap`. A device that was lost is an error: `LastingCapture` opens
/// it again.
///
/// After `init` the read path allocates nothing, takes no lock and touches no file.
public final class ALSACapture: AudioSource {
  /// alsa-lib's name of the device.
  public let device: String
  /// What the device delivers, before mixing and resampling.
  public let format: CaptureFormat

  private let stream: CaptureStream
  private let layout: SampleLayout
  private let policy: CapturePolicy
  private let captured: FixedBuffer<UInt8>
  private var conditioner: Conditioner
  /// Starts since the last sample.
  private var starts = 0
  /// Whether the device said since the last sample that it went on after a suspend.
  private var hasResumed = false
  /// A gap that is reported when sound comes again, because only then its length is known.
  private var cause: SoundLoss.Cause?
  private var startedAt_ms: Int64
  /// When the last samples came; until then, when the device was opened.
  private(set) var lastSound_ms: Int64

  /// Opens a device and settles its format; the sound starts with the first `read`.
  ///
  /// - Parameters:
  ///   - device: a name of alsa-lib: `default`, `hw:0`, `plughw:CARD=Mic,DEV=0`.
  ///   - stopDescriptor: when it becomes readable, a blocked `read` gives `.end`.
  /// - Throws: AudioError: `.noSuchDevice`, `.deviceBusy`, `.permissionDenied`, `.unsupported` (with what the device can do) or
  ///   `.io`.
  public convenience init(device: String, stopDescriptor: Int32? = nil) throws(AudioError) {
    try self.init(device: device, stopDescriptor: stopDescriptor, preferences: CapturePreferences())
  }

  convenience init(
    device: String, stopDescriptor: Int32?, preferences: CapturePreferences,
    settings: CaptureSettings = CaptureSettings(),
    policy: CapturePolicy = CapturePolicy()
  ) throws(AudioError) {
    let (pcm, format, layout) = try openCapture(device, preferences)
    let stream = CaptureStream(pcm: pcm, stopDescriptor: stopDescriptor)
    self.init(device: device, stream: stream, format: format, layout: layout, settings: settings, policy: policy)
  }

  init(
    device: String, stream: CaptureStream, format: CaptureFormat, layout: SampleLayout,
    settings: CaptureSettings = CaptureSettings(), policy: CapturePolicy = CapturePolicy()
  ) {
    self.device = device
    self.stream = stream
    self.format = format
    self.layout = layout
    self.policy = policy
    // A device whose period is long is still read in short blocks.
    let blockFrames = min(format.period_frames, max(format.rate_hz / 50, 1))
    captured = FixedBuffer(count: blockFrames * format.channels * layout.bytes, filledWith: 0)
    conditioner = Conditioner(
      rate_hz: format.rate_hz, channels: format.channels, blockFrames: blockFrames,
      settings: settings.sound)
    startedAt_ms = stream.now_ms()
    lastSound_ms = startedAt_ms
  }

  /// How loud the channels were that were mixed.
  public var channelBalance: ChannelBalance? { conditioner.channelBalance }

  /// Milliseconds for which the device has given sound.
  var soundTime_ms: Int64 { lastSound_ms - startedAt_ms }

  /// Says that sound has been missing since `since_ms`: the first `read` will give `.gap`.
  func continues(after cause: SoundLoss.Cause, since_ms: Int64) {
    self.cause = cause
    lastSound_ms = since_ms
  }

  /// Waits for the device.
  ///
  /// - Throws: AudioError: `.noSuchDevice` when it was unplugged, `.io` for anything else.
  public func read(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead {
    while true {
      let produced = conditioner.drain(into: buffer)
      if produced > 0 { return .samples(produced) }
      switch capture() {
      case .frames(let count):
        let now_ms = stream.now_ms()
        let missing_ms = now_ms - lastSound_ms - Int64(count * 1000 / format.rate_hz)
        lastSound_ms = now_ms
        starts = 0
        hasResumed = false
        let cause = self.cause
        if cause != nil { conditioner.reset() }
        layout.convert(captured.start, to: conditioner.block.start, count: count * format.channels)
        conditioner.accept(frames: count)
        guard let cause else { continue }
        self.cause = nil
        return .gap(SoundLoss(cause, lost_samples: max(missing_ms, 0) * Int64(outputRate_hz / 1000)))
      case .stopped: return .end
      case .failed(let code): throw .running(device, code: code)
      }
    }
  }

  private enum Captured {
    case frames(Int)
    case stopped
    case failed(Int32)
  }

  private func capture() -> Captured {
    if stream.stopIsRequested() { return .stopped }
    let asked_ms = stream.awake_ms()
    var idleReads = 0
    while true {
      let got = stream.read(into: captured.start, frames: conditioner.blockFrames)
      if got > 0 { return .frames(got) }
      var outcome = CaptureStream.Outcome.ready
      switch Int32(-got) {
      case 0, EAGAIN, EINTR:
        outcome = wait(afterIdleReads: idleReads)
        idleReads += 1
        if stream.awake_ms() - asked_ms >= Int64(policy.patience_ms) { return .failed(-ETIMEDOUT) }
      case EPIPE, EBADFD:  // EBADFD: stopped from outside, as by the other end of a loopback card
        outcome = startAgain(after: .overrun)
      case EIO: outcome = startAgain(after: .error)
      case ESTRPIPE: outcome = resume()
      default: return .failed(Int32(got))
      }
      switch outcome {
      case .ready: continue
      case .nothing: return .failed(-ETIMEDOUT)
      case .stopped: return .stopped
      case .failed(let code): return .failed(code)
      }
    }
  }

  /// A device that says ready and gives nothing is asked again, but not in a busy loop.
  private func wait(afterIdleReads count: Int) -> CaptureStream.Outcome {
    if count >= 2 && stream.stopIsRequested(within_ms: policy.pause_ms) { return .stopped }
    return stream.waitForSamples(within_ms: policy.patience_ms)
  }

  /// The next read starts the stream again. A device that never gets going is not tried for ever.
  private func startAgain(after cause: SoundLoss.Cause) -> CaptureStream.Outcome {
    self.cause = self.cause ?? cause
    starts += 1
    if starts > policy.mostStarts { return .failed(-EIO) }
    if starts > 1 && stream.stopIsRequested(within_ms: policy.pause_ms << Int32(starts - 2)) { return .stopped }
    let code = stream.prepare()
    return code < 0 ? .failed(code) : .ready
  }

  private func resume() -> CaptureStream.Outcome {
    // Plugins of alsa-lib say that they resumed even where they did not.
    if hasResumed { return startAgain(after: .suspend) }
    let asked_ms = stream.awake_ms()
    while true {
      let code = stream.resume()
      if code >= 0 {
        cause = cause ?? .suspend
        hasResumed = true
        return .ready
      }
      // Hardware that can't resume starts anew.
      guard code == -EAGAIN, stream.awake_ms() - asked_ms < Int64(policy.patience_ms) else {
        return startAgain(after: .suspend)
      }
      if stream.stopIsRequested(within_ms: 5 * policy.pause_ms) { return .stopped }
    }
  }
}
