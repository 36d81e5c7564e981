import CALSA

/// What a device and this program agreed on.
public struct CaptureFormat: Equatable, Sendable, CustomStringConvertible {
  /// Frames a second.
  public let rate_hz: Int
  /// Samples in a frame.
  public let channels: Int
  /// alsa-lib's name of the sample format, such as "S16_LE".
  public let format: String
  /// Frames after which the device wakes its reader.
  public let period_frames: Int
  /// Frames that the device holds before the first are lost.
  public let buffer_frames: Int

  /// All of it on one line.
  public var description: String {
    "\(rate_hz) Hz, \(channels) channel\(channels == 1 ? "" : "s"), \(format), "
      + "period \(period_frames) and buffer \(buffer_frames) frames"
  }
}

/// A sample format that is read here, without alsa-lib's conversion. In order of preference.
enum SampleLayout: CaseIterable {
  case int16, int32, int24In32, int24In3, float32, int16BigEndian, uint8

  var format: snd_pcm_format_t {
    switch self {
    case .int16: SND_PCM_FORMAT_S16_LE
    case .int32: SND_PCM_FORMAT_S32_LE
    case .int24In32: SND_PCM_FORMAT_S24_LE
    case .int24In3: SND_PCM_FORMAT_S24_3LE
    case .float32: SND_PCM_FORMAT_FLOAT_LE
    case .int16BigEndian: SND_PCM_FORMAT_S16_BE
    case .uint8: SND_PCM_FORMAT_U8
    }
  }

  var bytes: Int {
    switch self {
    case .uint8: 1
    case .int16, .int16BigEndian: 2
    case .int24In3: 3
    case .int32, .int24In32, .float32: 4
    }
  }

  /// `count` samples (not frames) to Int16. A float that is not a number becomes some sample: a device has no business with it.
  func convert(_ input: UnsafeRawPointer, to output: UnsafeMutablePointer<Int16>, count: Int) {
    switch self {
    case .int16: convertInt16LittleEndian(input.assumingMemoryBound(to: Int16.self), to: output, count: count)
    case .int32: convertInt32(input.assumingMemoryBound(to: Int32.self), to: output, count: count)
    case .int24In32: convertInt24In32(input.assumingMemoryBound(to: Int32.self), to: output, count: count)
    case .int24In3: convertInt24In3(input.assumingMemoryBound(to: UInt8.self), to: output, count: count)
    case .float32: _ = convertFloat(input.assumingMemoryBound(to: Float.self), to: output, count: count)
    case .int16BigEndian: convertInt16BigEndian(input.assumingMemoryBound(to: Int16.self), to: output, count: count)
    case .uint8: convertUInt8(input.assumingMemoryBound(to: UInt8.self), to: output, count: count)
    }
  }
}

/// What is asked of a device, best first. It takes what it can.
struct CapturePreferences {
  /// 16 kHz needs no resampling; then the rates that converters really run at. Rates below 16 kHz lose a part of the speech band,
  /// so they come last.
  var rates_hz = [
    outputRate_hz, 48_000, 32_000, 96_000, 44_100, 64_000, 88_200, 192_000, 176_400, 24_000, 22_050, 384_000, 352_800,
  ]
  var lowRates_hz = [12_000, 11_025, 8_000]
  /// Whether a device with one strange rate may be opened with that.
  var takesOddRates = true
  var channels = 1...32
  var layouts = SampleLayout.allCases
  /// Short periods for latency, a long buffer against overruns.
  var period_us: UInt32 = 10_000
  var buffer_us: UInt32 = 500_000
}
