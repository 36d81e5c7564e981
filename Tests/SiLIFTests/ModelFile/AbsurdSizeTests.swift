import Testing

@testable import SiLIF

/// Every count and choice in the headers set to what no exporter writes, with the checksum put right.
struct HeaderField: Sendable, CustomTestStringConvertible {
  let section: String
  let offset: Int
  let bytes: Int
  let name: String
  /// Whether zero is refused.
  var refusesZero = true
  /// Whether all ones are refused.
  var refusesOnes = true

  var testDescription: String { "\(section).\(name)" }

  static let all = [
    HeaderField(section: "NETW", offset: 0, bytes: 2, name: "input_count"),
    HeaderField(section: "NETW", offset: 2, bytes: 2, name: "input_kind", refusesZero: false),
    HeaderField(section: "NETW", offset: 4, bytes: 2, name: "input_fraction_bits", refusesZero: false),
    HeaderField(section: "NETW", offset: 6, bytes: 2, name: "input_limit"),
    HeaderField(section: "NETW", offset: 8, bytes: 4, name: "step_us"),
    HeaderField(section: "NETW", offset: 12, bytes: 4, name: "clip_frames", refusesZero: false),
    HeaderField(section: "NETW", offset: 16, bytes: 2, name: "layer_count"),
    HeaderField(section: "NETW", offset: 18, bytes: 2, name: "class_count"),
    HeaderField(section: "WORD", offset: 0, bytes: 2, name: "word_count"),
    HeaderField(section: "WORD", offset: 2, bytes: 2, name: "unknown_index", refusesZero: false, refusesOnes: false),
    HeaderField(section: "WORD", offset: 4, bytes: 2, name: "silence_index", refusesZero: false, refusesOnes: false),
    HeaderField(section: "WORD", offset: 8, bytes: 1, name: "word length"),
    HeaderField(section: "DTCT", offset: 0, bytes: 2, name: "window_frames"),
    HeaderField(section: "DTCT", offset: 2, bytes: 2, name: "warm_up_frames", refusesZero: false),
    HeaderField(section: "DTCT", offset: 4, bytes: 2, name: "refractory_frames", refusesZero: false),
    HeaderField(section: "DTCT", offset: 6, bytes: 2, name: "detector_class_count"),
    HeaderField(section: "DTCT", offset: 8, bytes: 2, name: "least_share_q15", refusesZero: false),
    HeaderField(section: "DTCT", offset: 16, bytes: 2, name: "threshold_q15", refusesZero: false),
    HeaderField(section: "DTCT", offset: 18, bytes: 2, name: "rearm_q15", refusesZero: false),
    HeaderField(section: "TEST", offset: 0, bytes: 2, name: "self_test_input"),
    HeaderField(section: "TEST", offset: 4, bytes: 4, name: "self_test_steps"),
    HeaderField(section: "TEST", offset: 16, bytes: 4, name: "self_test_count"),
    HeaderField(section: "LAYR", offset: 0, bytes: 2, name: "kind"),
    HeaderField(section: "LAYR", offset: 2, bytes: 2, name: "source", refusesZero: false),
    HeaderField(section: "LAYR", offset: 4, bytes: 2, name: "delay_kind", refusesZero: false),
    HeaderField(section: "LAYR", offset: 6, bytes: 2, name: "weight_bits"),
    HeaderField(section: "LAYR", offset: 8, bytes: 2, name: "inputs"),
    HeaderField(section: "LAYR", offset: 10, bytes: 2, name: "outputs"),
    HeaderField(section: "LAYR", offset: 12, bytes: 2, name: "maximum_delay", refusesZero: false),
    HeaderField(section: "LAYR", offset: 14, bytes: 2, name: "state_fraction_bits"),
  ]
}

@Suite struct AbsurdSizeTests {
  private func error(_ field: HeaderField, _ value: UInt32) throws -> ModelError? {
    var file = try MutableModelFile(golden: "one-neuron")
    let at = file.start(field.section) + field.offset
    switch field.bytes {
    case 1: file.set(UInt8(truncatingIfNeeded: value), at: at)
    case 2: file.set(UInt16(truncatingIfNeeded: value), at: at)
    default: file.set(value, at: at)
    }
    file.repairChecksum()
    return file.error()
  }

  @Test(arguments: HeaderField.all)
  func zeroIsRefusedByName(_ field: HeaderField) throws {
    let error = try error(field, 0)
    if field.refusesZero { #expect(error?.fieldName == field.name) } else { #expect(error == nil) }
  }

  @Test(arguments: HeaderField.all)
  func allOnesAreRefusedByName(_ field: HeaderField) throws {
    let error = try error(field, .max)
    guard field.refusesOnes else { return #expect(error == nil) }
    if field.name == "word length" {
      #expect(error == ModelError(.truncated, "word"))
    } else {
      #expect(error?.fieldName == field.name && error?.problem == .outOfRange)
    }
  }

  /// The largest value that a field's own range admits still has to agree with the rest of the file.
  @Test func theLargestAdmittedCountsAreRefusedForWhatTheyContradict() throws {
    for (name, value, expected) in [
      ("input_count", 4096, "self_test_count"), ("layer_count", 16, "kind"), ("input_kind", 1, "FRNT"),
      ("self_test_input", 2, "self_test_input"), ("class_count", 256, "word_count"),
      ("inputs", 4096, "weights"), ("outputs", 4096, "weights"), ("maximum_delay", 255, "maximum_delay"),
      ("self_test_steps", 1_000_000, "self_test_count"), ("self_test_count", 8_000_000, "self_test_values"),
    ] as [(String, UInt32, String)] {
      let field = HeaderField.all.first { $0.name == name }!
      let found = try error(field, value)?.fieldName
      #expect(found == expected, "\(name) = \(value)")
    }
  }

  /// One off in either direction: either it parses consistently, or it is refused; nothing else.
  @Test(arguments: HeaderField.all)
  func aNeighbouringValueNeverTraps(_ field: HeaderField) throws {
    let file = try MutableModelFile(golden: "one-neuron")
    let at = file.start(field.section) + field.offset
    let value: UInt32 =
      switch field.bytes {
      case 1: UInt32(file.bytes[at])
      case 2: UInt32(file.word(UInt16.self, at: at))
      default: file.word(UInt32.self, at: at)
      }
    for neighbour in [value &- 1, value &+ 1, value ^ 0x8000, value ^ 0x8000_0000] { _ = try error(field, neighbour) }
  }

  @Test func absurdSectionsAreRefused() throws {
    for (offset, value) in [(4, UInt32.max), (4, 0x8000_0000), (4, 8), (4, 0), (8, .max), (8, 0x8000_0000)] {
      var file = try MutableModelFile(golden: "one-neuron")
      file.set(value, at: file.entry("LAYR") + offset)
      file.repairChecksum()
      let name = file.error()?.fieldName
      #expect(name == "section_offset" || name == "section_length", "offset \(offset), value \(value)")
    }
    for count in [0, 65, .max] as [UInt16] {
      var file = try MutableModelFile(golden: "one-neuron")
      file.set(count, at: 10)
      file.repairChecksum()
      #expect(file.error() == ModelError(.outOfRange, "section_count", value: Int64(count)))
    }
    var file = try MutableModelFile(golden: "one-neuron")
    file.set(UInt32.max, at: 12)
    #expect(file.error() == ModelError(.outOfRange, "total_length", value: Int64(UInt32.max)))
  }

  @Test(arguments: ["NETW", "WORD", "DTCT", "FRNT", "SMPL", "CLIP", "TEST", "PROV"])
  func aSecondSectionIsRefusedByItsPlace(_ tag: String) throws {
    var file = try MutableModelFile(golden: "one-neuron")
    let raw = tag.utf8.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let others = (0..<file.sectionCount).filter { file.word(UInt32.self, at: 32 + 16 * $0) != raw }
    // One where the file has that section, two where it has none.
    let renamed = others.suffix(others.count < file.sectionCount ? 1 : 2)
    for index in renamed { file.set(raw, at: 32 + 16 * index) }
    file.repairChecksum()
    let second = (0..<file.sectionCount).filter { file.word(UInt32.self, at: 32 + 16 * $0) == raw }[1]
    #expect(file.error() == ModelError(.inconsistent, "tag", value: Int64(second)))
  }

  @Test func sectionsThatNoReaderKnowsMayBeMany() throws {
    var file = try MutableModelFile(golden: "one-neuron")
    let (count, end) = (file.sectionCount, file.bytes.count + 32)
    // Two entries of no bytes behind the others: the table grows by 32, and so does every offset.
    let entry = [UInt8](repeating: 0x58, count: 4) + [UInt8](repeating: 0, count: 12)
    file.bytes.insert(contentsOf: entry + entry, at: 32 + 16 * count)
    file.set(UInt16(count + 2), at: 10)
    file.set(UInt32(end), at: 12)
    for index in 0..<count {
      file.set(file.word(UInt32.self, at: 32 + 16 * index + 4) + 32, at: 32 + 16 * index + 4)
    }
    for index in count..<count + 2 { file.set(UInt32(end), at: 32 + 16 * index + 4) }
    file.repairChecksum()
    #expect(file.error() == nil)
  }

  @Test(arguments: ["NETW", "WORD", "DTCT", "LAYR", "TEST", "PROV"])
  func aMissingSectionIsNamed(_ tag: String) throws {
    var file = try MutableModelFile(golden: "one-neuron")
    // Of the layers the last one: without an earlier one, the next takes its place.
    file.set(UInt32(0x5858_5858), at: file.entry(tag, ordinal: tag == "LAYR" ? 1 : 0))
    file.repairChecksum()
    let error = file.error()
    #expect(error?.problem == .missing && error?.fieldName == tag)
  }
}
