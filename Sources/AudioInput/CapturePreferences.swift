/// What is asked of a device, best first. It takes what it can.
struct CapturePreferences {
  /// 16 kHz needs no resampling; then the rates that converters really run at. Rates below 16 kHz lose a part of the speech band,
  /// so they come last.
  var rates_hz = [
    16_000, 48_000, 32_000, 96_000, 44_100, 64_000, 88_200, 192_000, 176_400, 24_000, 22_050, 384_000, 352_800,
  ]
  var lowRates_hz = [12_000, 11_025, 8_000]
  var channels = 1...32
  var layouts = SampleLayout.allCases
  /// Short periods for latency, a long buffer against overruns.
  var period_us: UInt32 = 10_000
  var buffer_us: UInt32 = 500_000
}
