import Glibc

/// What a person asks of a device, instead of what would be chosen.
public struct CaptureSettings: Equatable, Sendable {
  /// The one channel that is heard, from 1; nil: the mean of all.
  public var channel: Int?
  /// Frames a second that the device is opened with.
  public var rate_hz: Int?
  /// Channels that the device is opened with.
  public var channels: Int?
  /// Amplification, -60...60.
  public var gain_dB = 0.0

  /// As the device offers it, all channels, not amplified.
  public init() {}

  /// 65536 is 1.
  var gain_q16: Int64 { Int64((65_536 * pow(10, gain_dB / 20)).rounded()) }

  var preferences: CapturePreferences {
    var preferences = CapturePreferences()
    if let rate_hz {
      preferences.rates_hz = [rate_hz]
      preferences.lowRates_hz = []
      preferences.takesOddRates = false
    }
    if let channel { preferences.channels = channel...max(channel, preferences.channels.upperBound) }
    if let channels { preferences.channels = channels...channels }
    return preferences
  }
}
