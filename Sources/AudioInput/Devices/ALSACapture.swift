import Glibc

/// A microphone (or any other capture device of ALSA), live.
///
/// It takes the device as it is (see `format`): no resampling or mixing by alsa-lib where that can be had, because the
/// resampler here is the one whose bits are known. The stream starts with the first `read`. After an overrun or
/// a suspended machine capture goes on, the loss is counted, and `read` gives `.gap`.
///
/// After `init` the read path allocates nothing, takes no lock and touches no file.
public final class ALSACapture: AudioSource {
  /// alsa-lib's name of the device.
  public let device: String
  /// What the device delivers, before mixing and resampling.
  public let format: CaptureFormat
  /// Times that samples were lost because nobody fetched them in time.
  public private(set) var overruns = 0
  /// Times that samples were lost because the machine slept.
  public private(set) var suspends = 0

  private let stream: CaptureStream
  private let layout: SampleLayout
  private let captured: FixedBuffer<UInt8>
  private var conditioner: Conditioner
  private var recoveries = 0

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

  convenience init(device: String, stopDescriptor: Int32?, preferences: CapturePreferences) throws(AudioError) {
    let (pcm, format, layout) = try openCapture(device, preferences)
    let stream = CaptureStream(pcm: pcm, stopDescriptor: stopDescriptor)
    self.init(device: device, stream: stream, format: format, layout: layout)
  }

  init(device: String, stream: CaptureStream, format: CaptureFormat, layout: SampleLayout) {
    self.device = device
    self.stream = stream
    self.format = format
    self.layout = layout
    // A device whose period is long is still read in short blocks.
    let blockFrames = min(format.period_frames, max(format.rate_hz / 50, 1))
    captured = FixedBuffer(count: blockFrames * format.channels * layout.bytes, filledWith: 0)
    conditioner = Conditioner(rate_hz: format.rate_hz, channels: format.channels, blockFrames: blockFrames)
  }

  /// Waits for the device, at most 10 seconds.
  ///
  /// - Throws: AudioError: `.noSuchDevice` when it was unplugged, `.io` for anything else.
  public func read(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead {
    while true {
      let produced = conditioner.drain(into: buffer)
      if produced > 0 { return .samples(produced) }
      switch capture() {
      case .frames(let count):
        layout.convert(captured.start, to: conditioner.block.start, count: count * format.channels)
        conditioner.accept(frames: count)
      case .gap:
        conditioner.reset()
        return .gap
      case .stopped: return .end
      case .failed(let code): throw .running(device, code: code)
      }
    }
  }

  private enum Captured {
    case frames(Int)
    case gap
    case stopped
    case failed(Int32)
  }

  private func capture() -> Captured {
    if stream.stopIsRequested() { return .stopped }
    while true {
      let got = stream.read(into: captured.start, frames: conditioner.blockFrames)
      if got > 0 {
        recoveries = 0
        return .frames(got)
      }
      switch Int32(-got) {
      case 0, EAGAIN:
        switch stream.waitForSamples() {
        case .ready: continue
        case .stopped: return .stopped
        case .failed(let code): return .failed(code)
        }
      case EINTR: continue
      case EPIPE, EBADFD:  // EBADFD: stopped from outside, as by the other end of a loopback card
        overruns += 1
        return recover(stream.prepare())
      case ESTRPIPE:
        suspends += 1
        return resume()
      default: return .failed(Int32(got))
      }
    }
  }

  /// The next read starts the stream again. A device that never gets going is not tried for ever.
  private func recover(_ code: Int32) -> Captured {
    recoveries += 1
    if code < 0 { return .failed(code) }
    return recoveries > 10 ? .failed(-EIO) : .gap
  }

  private func resume() -> Captured {
    while true {
      let code = stream.resume()
      guard code == -EAGAIN else {
        // Hardware that can't resume starts anew.
        return recover(code < 0 ? stream.prepare() : code)
      }
      if stream.stopIsRequested(within_ms: 50) { return .stopped }
    }
  }
}
