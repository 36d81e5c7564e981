/// The front end's settings as they travel in a model file (section `FRNT`, layout in docs/FRONT-END.md).
///
/// Keeps pointers into the section: the section must outlive the settings and whatever is made from them.
public struct LogMelSettings {
  /// Samples per second that the settings are made for.
  public let sampleRate_hz: Int
  /// Samples in one window.
  public let frameLength_samples: Int
  /// From the start of one window to the start of the next.
  public let hop_samples: Int
  /// Values in a frame.
  public let bandCount: Int
  /// Output values are natural logarithms with this many fractional bits.
  public let outputFractionBits: Int
  /// The least output value: silence.
  public let logFloor: Int16
  /// Lower edge of the lowest band. For information: the mel weights say what is computed.
  public let low_hz: Int
  /// Upper edge of the highest band. For information too.
  public let high_hz: Int

  let preemphasis_q15: Int32
  let window_q24: UnsafePointer<Int32>
  let bands: UnsafePointer<MelBand>
  let weights_q15: UnsafePointer<UInt16>

  /// The bounds that keep the arithmetic from overflowing are checked here, once (docs/FRONT-END.md, "Bounds").
  ///
  /// - Parameter section: FRNT (docs/MODEL-FORMAT.md), at a multiple of 16; it must outlive the settings, which point into it.
  /// - Throws: LogMelSettingsError, with the field's name and value.
  @_optimize(size)
  public init(section: UnsafeRawBufferPointer) throws(LogMelSettingsError) {
    var reader = SectionReader(section)
    try reader.checkAlignment()
    _ = try reader.read(UInt32.self, "layout_version", in: 1...1)
    sampleRate_hz = try reader.read(UInt32.self, "sample_rate_hz", in: 1_000...384_000)
    frameLength_samples = try reader.read(UInt16.self, "frame_length_samples", in: 2...FFT.size)
    guard frameLength_samples % 2 == 0 else {
      throw LogMelSettingsError(.outOfRange, "frame_length_samples", value: Int64(frameLength_samples))
    }
    hop_samples = try reader.read(UInt16.self, "hop_samples", in: 1...frameLength_samples)
    _ = try reader.read(UInt16.self, "fft_size", in: FFT.size...FFT.size)
    bandCount = try reader.read(UInt16.self, "band_count", in: 1...LogMelLimits.bands)
    preemphasis_q15 = Int32(try reader.read(UInt16.self, "preemphasis_q15", in: 0...32_768))
    outputFractionBits = try reader.read(UInt8.self, "output_fraction_bits", in: 0...LogMelLimits.outputFractionBits)
    _ = try reader.read(UInt8.self, "window_fraction_bits", in: 24...24)
    _ = try reader.read(UInt8.self, "mel_weight_fraction_bits", in: 15...15)
    _ = try reader.read(UInt8.self, "reserved", in: 0...0)
    logFloor = Int16(try reader.read(Int16.self, "log_floor", in: -32_768...0))
    low_hz = try reader.read(UInt32.self, "low_hz", in: 0...sampleRate_hz / 2)
    high_hz = try reader.read(UInt32.self, "high_hz", in: low_hz...sampleRate_hz / 2)
    let weightCount = try reader.read(UInt32.self, "mel_weight_count", in: 1...bandCount * FFT.binCount)
    _ = try reader.read(UInt32.self, "reserved", in: 0...0)
    window_q24 = try reader.readTable(Int32.self, count: frameLength_samples, "window_q24")
    bands = try reader.readTable(MelBand.self, count: bandCount, "mel_bands")
    weights_q15 = try reader.readTable(UInt16.self, count: weightCount, "mel_weights_q15")
    try reader.finish()
    try checkWindow()
    try checkBands(weightCount: weightCount)
  }

  @_optimize(size)
  private func checkWindow() throws(LogMelSettingsError) {
    for first in 0...1 {
      var sum: Int64 = 0
      for index in stride(from: first, to: frameLength_samples, by: 2) {
        let value = Int64(window_q24[index])
        guard value >= 0, value <= LogMelLimits.windowOne_q24 else {
          throw LogMelSettingsError(.outOfRange, "window_q24", value: value)
        }
        sum += value
      }
      guard sum <= LogMelLimits.windowHalfSum_q24 else {
        throw LogMelSettingsError(.outOfRange, "window_q24", value: sum)
      }
    }
  }

  @_optimize(size)
  private func checkBands(weightCount: Int) throws(LogMelSettingsError) {
    var next = 0
    for index in 0..<bandCount {
      let first = Int(bands[index].firstBin)
      let count = Int(bands[index].binCount)
      guard first + count <= FFT.binCount else {
        throw LogMelSettingsError(.outOfRange, "mel_bands", value: Int64(first + count))
      }
      next += count
    }
    guard next == weightCount else { throw LogMelSettingsError(.inconsistent, "mel_bands", value: Int64(next)) }
    for index in 0..<weightCount where weights_q15[index] > LogMelLimits.melWeightOne_q15 {
      throw LogMelSettingsError(.outOfRange, "mel_weights_q15", value: Int64(weights_q15[index]))
    }
  }
}
