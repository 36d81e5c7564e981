/// What a person asks of a device, instead of what would be chosen.
public struct CaptureSettings: Equatable, Sendable {
  /// Which channel is heard, and how loud.
  public var sound = SoundSettings()
  /// Frames a second that the device is opened with.
  public var rate_hz: Int?
  /// Channels that the device is opened with.
  public var channels: Int?

  /// As the device offers it, all channels, not amplified.
  public init() {}

  var preferences: CapturePreferences {
    var preferences = CapturePreferences()
    if let rate_hz {
      preferences.rates_hz = [rate_hz]
      preferences.lowRates_hz = []
      preferences.takesOddRates = false
    }
    if let channel = sound.channel {
      preferences.channels = channel + 1...max(channel + 1, preferences.channels.upperBound)
    }
    if let channels { preferences.channels = channels...channels }
    return preferences
  }
}
