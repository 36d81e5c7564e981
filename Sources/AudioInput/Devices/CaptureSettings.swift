/// What a person asks of a device, instead of what would be chosen.
public struct CaptureSettings: Equatable, Sendable {
  /// Which channel is heard, and how loud.
  public var sound = SoundSettings()
  /// Frames a second that the device is opened with, 1,000 to 768,000.
  public var rate_hz: Int?
  /// Channels that the device is opened with, 1 to 1,024.
  public var channels: Int?

  /// As the device offers it, all channels, not amplified.
  public init() {}

  /// - Throws: AudioError where a value is out of its range.
  func check(of device: String) throws(AudioError) {
    try sound.check(of: device)
    try checkSetting("rate_hz", rate_hz, SoundDecoder.rates_hz, of: device)
    try checkSetting("channels", channels, ChannelMixer.channelCounts, of: device)
  }

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
