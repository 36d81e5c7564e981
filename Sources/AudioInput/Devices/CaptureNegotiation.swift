import CALSA

/// Finds settings that a device takes as they are. A loopback card offers only what its other side has set; a plain
/// microphone often only 48 kHz stereo. So nothing is demanded: the device is asked what it can do.
struct CaptureNegotiation: ~Copyable {
  let pcm: OpaquePointer
  let device: String
  let preferences: CapturePreferences
  private let parameters: OpaquePointer

  init(pcm: OpaquePointer, device: String, preferences: CapturePreferences) throws(AudioError) {
    var parameters: OpaquePointer?
    guard snd_pcm_hw_params_malloc(&parameters) == 0, let parameters else {
      throw AudioError(.io, device, "no memory for its settings")
    }
    self.pcm = pcm
    self.device = device
    self.preferences = preferences
    self.parameters = parameters
  }

  deinit { snd_pcm_hw_params_free(parameters) }

  /// Chooses, and sets the device up. nil: it offers nothing that can be read here.
  func settle() throws(AudioError) -> (CaptureFormat, SampleLayout)? {
    try check(anySettings())
    guard let (rate_hz, channels, layout) = choose() else { return nil }
    try check(anySettings())
    try check(snd_pcm_hw_params_set_rate(pcm, parameters, UInt32(rate_hz), 0))
    try check(snd_pcm_hw_params_set_channels(pcm, parameters, UInt32(channels)))
    try check(snd_pcm_hw_params_set_format(pcm, parameters, layout.format))
    // Buffer first: a device with few periods would otherwise bind it to the short period.
    var buffer_us = preferences.buffer_us
    var period_us = preferences.period_us
    try check(snd_pcm_hw_params_set_buffer_time_near(pcm, parameters, &buffer_us, nil))
    try check(snd_pcm_hw_params_set_period_time_near(pcm, parameters, &period_us, nil))
    try check(snd_pcm_hw_params(pcm, parameters))
    var period: snd_pcm_uframes_t = 0
    var buffer: snd_pcm_uframes_t = 0
    try check(snd_pcm_hw_params_get_period_size(parameters, &period, nil))
    try check(snd_pcm_hw_params_get_buffer_size(parameters, &buffer))
    let format = CaptureFormat(
      rate_hz: rate_hz, channels: channels, format: String(cString: snd_pcm_format_name(layout.format)),
      period_frames: Int(period), buffer_frames: Int(buffer))
    return (format, layout)
  }

  /// Everything the device can do, with interleaved samples and without alsa-lib's resampler.
  private func anySettings() -> Int32 {
    var code = snd_pcm_hw_params_any(pcm, parameters)
    guard code >= 0 else { return code }
    _ = snd_pcm_hw_params_set_rate_resample(pcm, parameters, 0)
    code = snd_pcm_hw_params_set_access(pcm, parameters, SND_PCM_ACCESS_RW_INTERLEAVED)
    return code
  }

  /// The best rate first, then the fewest channels, then the format.
  private func choose() -> (rate_hz: Int, channels: Int, layout: SampleLayout)? {
    var odd: [Int] = []
    var lowest: UInt32 = 0
    var highest: UInt32 = 0
    if preferences.takesOddRates, snd_pcm_hw_params_get_rate_max(parameters, &highest, nil) == 0,
      snd_pcm_hw_params_get_rate_min(parameters, &lowest, nil) == 0
    {
      odd = [Int(max(lowest, UInt32(outputRate_hz))), Int(highest)]  // a device with one strange rate
    }
    for rate_hz in preferences.rates_hz + odd.filter({ $0 >= outputRate_hz }) + preferences.lowRates_hz + odd {
      guard Resampler.rates_hz.contains(rate_hz),
        snd_pcm_hw_params_test_rate(pcm, parameters, UInt32(rate_hz), 0) == 0
      else { continue }
      for channels in preferences.channels {
        guard snd_pcm_hw_params_test_channels(pcm, parameters, UInt32(channels)) == 0 else { continue }
        // All three together: a device may pair rates with channels.
        for layout in preferences.layouts where offers(rate_hz, channels, layout) { return (rate_hz, channels, layout) }
      }
    }
    return nil
  }

  private func offers(_ rate_hz: Int, _ channels: Int, _ layout: SampleLayout) -> Bool {
    defer { _ = anySettings() }
    return snd_pcm_hw_params_set_rate(pcm, parameters, UInt32(rate_hz), 0) == 0
      && snd_pcm_hw_params_set_channels(pcm, parameters, UInt32(channels)) == 0
      && snd_pcm_hw_params_set_format(pcm, parameters, layout.format) == 0
  }

  /// What the device can do, for an error message.
  func abilities() -> String {
    guard snd_pcm_hw_params_any(pcm, parameters) >= 0 else { return "nothing at all" }
    var rates: (UInt32, UInt32) = (0, 0)
    var channels: (UInt32, UInt32) = (0, 0)
    snd_pcm_hw_params_get_rate_min(parameters, &rates.0, nil)
    snd_pcm_hw_params_get_rate_max(parameters, &rates.1, nil)
    snd_pcm_hw_params_get_channels_min(parameters, &channels.0)
    snd_pcm_hw_params_get_channels_max(parameters, &channels.1)
    let formats = (0...SND_PCM_FORMAT_LAST.rawValue).map(snd_pcm_format_t.init(rawValue:)).filter {
      snd_pcm_format_name($0) != nil && snd_pcm_hw_params_test_format(pcm, parameters, $0) == 0
    }
    let interleaved = snd_pcm_hw_params_test_access(pcm, parameters, SND_PCM_ACCESS_RW_INTERLEAVED) == 0
    return "rates \(rates.0) to \(rates.1) Hz, \(channels.0) to \(channels.1) channels, formats "
      + formats.map { String(cString: snd_pcm_format_name($0)) }.joined(separator: " ")
      + (interleaved ? "" : ", not interleaved")
  }

  private func check(_ code: Int32) throws(AudioError) {
    guard code < 0 else { return }
    throw AudioError(.io, device, "refuses its settings: \(AudioError.text(code)); it offers \(abilities())")
  }
}
