import Testing

@testable import SiLIF

/// The bounds that the step functions rely on, each broken by one value.
@Suite struct LayerCheckTests {
  /// Byte offsets of the tables of one-neuron's first layer: SiLIF, 8 bits, 1 input, 1 output padded to 16.
  private enum Table {
    static let weights = 32
    static let mantissa = 48
    static let shift = 112
    static let bias = 128
    static let decay = 192
    static let inputGain = 256
    static let leakMantissa = 320
    static let leakShift = 384
    static let subthreshold = 400
    static let spike = 464
  }

  private func error(_ offset: Int, _ value: Int32, bytes: Int = 4) throws -> ModelError? {
    var file = try MutableModelFile(golden: "one-neuron")
    let at = file.start("LAYR") + offset
    if bytes == 1 { file.set(Int8(truncatingIfNeeded: value), at: at) } else { file.set(value, at: at) }
    file.repairChecksum()
    return file.error()
  }

  @Test func coefficientsOutsideTheirRangeAreNamed() throws {
    let one: Int32 = 1 << 30
    for (offset, low, high, name) in [
      (Table.mantissa, 0, nil, "scale_mantissa"), (Table.decay, 0, one, "decay"),
      (Table.inputGain, 0, one, "input_gain"), (Table.leakMantissa, 0, one, "adaptation_leak_mantissa"),
      (Table.subthreshold, -one, one, "subthreshold_coupling"), (Table.spike, -(4 << 16), 4 << 16, "spike_coupling"),
    ] as [(Int, Int32, Int32?, String)] {
      #expect(try error(offset, low) == nil, "\(name)")
      #expect(try error(offset, low - 1)?.fieldName == name)
      guard let high else { continue }
      #expect(try error(offset, high) == nil, "\(name)")
      #expect(try error(offset, high + 1)?.fieldName == name)
    }
    #expect(try error(Table.leakShift, 62, bytes: 1) == nil)
    #expect(try error(Table.leakShift, 63, bytes: 1)?.fieldName == "adaptation_leak_shift")
    #expect(try error(Table.shift, 62, bytes: 1) == nil)
    #expect(try error(Table.shift, 63, bytes: 1)?.fieldName == "scale_shift")
    #expect(try error(Table.shift, 0, bytes: 1)?.fieldName == "scale_mantissa and bias")
  }

  @Test func everyPaddingValueMustBeZero() throws {
    for (offset, name) in [
      (Table.mantissa, "scale_mantissa"), (Table.bias, "bias"), (Table.decay, "decay"),
      (Table.inputGain, "input_gain"), (Table.leakMantissa, "adaptation_leak_mantissa"),
      (Table.subthreshold, "subthreshold_coupling"), (Table.spike, "spike_coupling"),
    ] {
      for neuron in 1..<16 { #expect(try error(offset + 4 * neuron, 1)?.fieldName == name + " padding") }
    }
    for (offset, name) in [
      (Table.weights, "weights"), (Table.shift, "scale_shift"), (Table.leakShift, "adaptation_leak_shift"),
    ] {
      for neuron in 1..<16 { #expect(try error(offset + neuron, 1, bytes: 1)?.fieldName == name + " padding") }
    }
  }

  /// Byte offsets of the tables of one-neuron-w4's first layer: RF, 4 bits, 1 input, 1 output padded to 16.
  private enum RFTable {
    static let weights = 32
    static let decay = 192
    static let decayImaginary = 256
  }

  private func rfError(_ offset: Int, _ set: (inout MutableModelFile, Int) -> Void) throws -> ModelError? {
    var file = try MutableModelFile(golden: "one-neuron-w4")
    set(&file, file.start("LAYR") + offset)
    file.repairChecksum()
    return file.error()
  }

  @Test func coefficientsOfRFOutsideTheirRangeAreNamed() throws {
    let one: Int32 = 1 << 30
    for (offset, name) in [
      (RFTable.decay, "decay"), (RFTable.decayImaginary, "decay_imaginary"),
    ] as [(Int, StaticString)] {
      for value in [-one, one] { #expect(try rfError(offset) { $0.set(value, at: $1) } == nil) }
      for value in [-one - 1, one + 1] {
        #expect(
          try rfError(offset) { $0.set(value, at: $1) } == ModelError(.outOfRange, name, value: Int64(value), layer: 0))
      }
      for neuron in 1..<16 {
        #expect(try rfError(offset + 4 * neuron) { $0.set(Int32(1), at: $1) }?.fieldName == "\(name) padding")
      }
    }
  }

  /// Every nibble is a weight; those of the padding must be zero: the high one of byte 0 belongs to output 8.
  @Test func everyPaddingNibbleMustBeZero() throws {
    for low in 0..<16 as Range<UInt8> { #expect(try rfError(RFTable.weights) { $0.set(low, at: $1) } == nil) }
    #expect(try rfError(RFTable.weights) { $0.set(UInt8(0x10), at: $1) }?.fieldName == "weights padding")
    for byte in 1..<8 {
      for value in [0x01, 0x10, 0x80] as [UInt8] {
        #expect(try rfError(RFTable.weights + byte) { $0.set(value, at: $1) }?.fieldName == "weights padding")
      }
    }
  }

  /// What a reader that does not know a kind or a width says: the reason why a new one needs no new format version.
  @Test func unknownKindsAndWidthsAreRefusedByName() throws {
    for kind in [0, 11, 99] as [UInt16] {
      #expect(try rfError(0) { $0.set(kind, at: $1) } == ModelError(.outOfRange, "kind", value: Int64(kind), layer: 0))
    }
    for bits in [1, 2, 3, 5, 6, 7, 9, 12, 15, 17, 32] as [UInt16] {
      #expect(
        try rfError(6) { $0.set(bits, at: $1) }
          == ModelError(.outOfRange, "weight_bits", value: Int64(bits), layer: 0))
    }
  }

  @Test func weightsWhoseSumCouldOverflowAreRefused() throws {
    // 13 weights of ±32767 behind inputs of ±32767: 13 · 2^30 is more than Int32.
    var file = try MutableModelFile(golden: "silif-none-w16")
    for input in 0..<13 { file.set(Int16.min, at: file.start("LAYR") + 32 + 2 * 48 * input) }
    file.repairChecksum()
    #expect(file.error() == ModelError(.outOfRange, "weights", value: 13 * 32768 * 32767, layer: 0))
  }

  @Test func delaysBeyondTheRingAreRefused() throws {
    for name in ["silif-axonal-w8", "csilif-dendritic-w8", "silif-synaptic-w8"] {
      var file = try MutableModelFile(golden: name)
      // One less than the longest delay in the file.
      file.set(UInt16(29), at: file.start("LAYR", ordinal: 1) + 12)
      file.repairChecksum()
      #expect(file.error() == ModelError(.outOfRange, "delays", value: 30, layer: 1))
    }
  }

  @Test func aLayerWithoutDelaysHasNoReach() throws {
    var file = try MutableModelFile(golden: "one-neuron")
    file.set(UInt16(1), at: file.start("LAYR", ordinal: 1) + 12)
    file.repairChecksum()
    #expect(file.error() == ModelError(.inconsistent, "maximum_delay", value: 1, layer: 1))
  }

  @Test func wordsWithControlCharactersAreRefused() throws {
    for byte in [0, 10, 13, 27, 127] as [UInt8] {
      var file = try MutableModelFile(golden: "one-neuron")
      file.set(byte, at: file.start("WORD") + 9)
      file.repairChecksum()
      #expect(file.error() == ModelError(.outOfRange, "word", value: Int64(byte)))
    }
  }

  @Test func wordsThatAreNoUTF8AreRefused() throws {
    // The first word is "zéro": 7A C3 A9 72 6F. Each time one byte of it is another; the error has the first of the character.
    for (offset, byte, at) in [
      (0, 0xFF, 0xFF), (0, 0x80, 0x80), (0, 0xC2, 0xC2), (1, 0xC0, 0xC0), (1, 0xE0, 0xE0), (1, 0xF5, 0xF5),
      (1, 0x61, 0xA9), (2, 0x61, 0xC3), (4, 0xC3, 0xC3),
    ] as [(Int, UInt8, Int64)] {
      var file = try MutableModelFile(golden: "one-neuron")
      file.set(byte, at: file.start("WORD") + 9 + offset)
      file.repairChecksum()
      #expect(file.error() == ModelError(.outOfRange, "word", value: at), "\(offset) \(byte)")
    }
  }
}
