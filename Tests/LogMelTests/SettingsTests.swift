import LogMel
import Testing

@Suite struct SettingsTests {
  @Test func readsTheDefaults() throws {
    let section = AlignedSection(try Golden.section("kaldi40"))
    let settings = try section.settings()
    #expect(settings.sampleRate_hz == 16_000)
    #expect(settings.frameLength_samples == 400)
    #expect(settings.hop_samples == 160)
    #expect(settings.bandCount == 40)
    #expect(settings.outputFractionBits == 10)
    #expect(settings.logFloor == -16_325)
    #expect(settings.low_hz == 20)
    #expect(settings.high_hz == 8_000)
  }

  @Test(arguments: Golden.settings)
  func refusesTruncationAtEveryLength(name: String) throws {
    let content = try Golden.section(name)
    for count in 0..<content.count {
      let section = AlignedSection(Array(content.prefix(count)))
      let error = #expect(throws: LogMelSettingsError.self) { try section.settings() }
      #expect(error?.reason == .length)
    }
  }

  @Test func refusesNoSectionAtAll() {
    #expect(throws: LogMelSettingsError.self) {
      try LogMelSettings(section: UnsafeRawBufferPointer(start: nil, count: 0))
    }
  }

  @Test(arguments: 1...8)
  func refusesWhatFollows(count: Int) throws {
    let section = AlignedSection(try Golden.section("kaldi40") + [UInt8](repeating: 0, count: count))
    #expect(throws: LogMelSettingsError.self) { try section.settings() }
  }

  @Test(arguments: [1, 2, 3])
  func refusesAnUnalignedSection(offset: Int) throws {
    let section = AlignedSection(try Golden.section("kaldi40"), offset: offset)
    let error = #expect(throws: LogMelSettingsError.self) { try section.settings() }
    #expect(error?.reason == .alignment)
  }

  /// Field, offset, bytes, and a value that must be refused.
  static let absurdities: [(String, Int, Int, Int)] = [
    ("layout_version", 0, 4, 0), ("layout_version", 0, 4, 2),
    ("sample_rate_hz", 4, 4, 0), ("sample_rate_hz", 4, 4, 0xFFFF_FFFF),
    ("frame_length_samples", 8, 2, 0), ("frame_length_samples", 8, 2, 401), ("frame_length_samples", 8, 2, 514),
    ("frame_length_samples", 8, 2, 0xFFFF),
    ("hop_samples", 10, 2, 0), ("hop_samples", 10, 2, 401), ("hop_samples", 10, 2, 0xFFFF),
    ("fft_size", 12, 2, 0), ("fft_size", 12, 2, 256), ("fft_size", 12, 2, 1024),
    ("band_count", 14, 2, 0), ("band_count", 14, 2, 129), ("band_count", 14, 2, 0xFFFF),
    ("preemphasis_q15", 16, 2, 32_769), ("output_fraction_bits", 18, 1, 12),
    ("window_fraction_bits", 19, 1, 23), ("mel_weight_fraction_bits", 20, 1, 16), ("reserved", 21, 1, 1),
    ("log_floor", 22, 2, 1), ("low_hz", 24, 4, 8_001), ("high_hz", 28, 4, 19), ("high_hz", 28, 4, 8_001),
    ("mel_weight_count", 32, 4, 0), ("mel_weight_count", 32, 4, 10_241), ("mel_weight_count", 32, 4, 0xFFFF_FFFF),
    ("reserved", 36, 4, 1),
    ("window_q24", 40, 4, -1), ("window_q24", 40, 4, 1 << 24 + 1), ("window_q24", 40 + 1596, 4, 0x7FFF_FFFF),
    ("mel_bands", 1640, 2, 256), ("mel_bands", 1642, 2, 0xFFFF), ("mel_bands", 1642, 2, 0),
    ("mel_weights_q15", 1800, 2, 32_769), ("mel_weights_q15", 1800 + 982, 2, 0xFFFF),
  ]

  @Test(arguments: absurdities)
  func refusesAbsurdFieldsByName(field: String, offset: Int, size: Int, value: Int) throws {
    var content = try Golden.section("kaldi40")
    for index in 0..<size { content[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    let section = AlignedSection(content)
    let error = #expect(throws: LogMelSettingsError.self) { try section.settings() }
    #expect(error.map { "\($0.field)" } == field)
  }

  @Test func refusesAWindowWhoseSumCouldOverflow() throws {
    var content = try Golden.section("kaldi40")
    // 400 ones: each is fine, together they are not.
    for index in 0..<400 { content.replaceSubrange(40 + 4 * index..<44 + 4 * index, with: [0, 0, 0, 1]) }
    let section = AlignedSection(content)
    let error = #expect(throws: LogMelSettingsError.self) { try section.settings() }
    #expect(error?.reason == .outOfRange)
    #expect(error?.value == 200 << 24)
  }

  @Test func refusesPaddingThatIsNotZero() throws {
    var content = try Golden.section("other")
    try #require(content.count % 4 == 0)
    // This one's weights end in the middle of a word.
    let weightCount = Int(content[32]) | Int(content[33]) << 8
    try #require(weightCount % 2 == 1)
    content[content.count - 1] = 1
    let section = AlignedSection(content)
    let error = #expect(throws: LogMelSettingsError.self) { try section.settings() }
    #expect(error.map { "\($0.field)" } == "padding")
  }
}
