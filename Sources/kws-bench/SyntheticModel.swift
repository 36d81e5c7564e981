import SiLIF
import SpotterHost

/// A network whose second layer can be driven at any firing rate: `width` inputs, a layer that fires exactly where its
/// input is 1, a SiLIF layer of as many neurons with all weights in 8 bits, a small readout. For timing only.
struct SyntheticModel {
  let model: Model
  /// Keeps the model's bytes.
  private let memory: AlignedMemory

  private static let classes = 16

  /// - Parameter width: a multiple of 16.
  init(width: Int) throws(ModelError) {
    var sections: [(tag: StaticString, bytes: [UInt8])] = [
      ("NETW", SyntheticModel.network(width)),
      ("WORD", SyntheticModel.bytes([UInt16(SyntheticModel.classes), .max, .max, 0]) + SyntheticModel.words),
      (
        "DTCT",
        SyntheticModel.bytes([1, 0, 0, UInt16(SyntheticModel.classes), 0, 0, 0, 0] as [UInt16])
          + [UInt8](repeating: 0, count: 8 * SyntheticModel.classes)
      ),
      ("TEST", SyntheticModel.selfTest(width)),
      ("PROV", []),
    ]
    var random = Random()
    sections.append(("LAYR", SyntheticModel.spikeForSpike(width)))
    sections.append(("LAYR", SyntheticModel.dense(1, from: width, to: width, &random)))
    sections.append(("LAYR", SyntheticModel.dense(3, from: width, to: SyntheticModel.classes, &random)))
    memory = SyntheticModel.file(sections)
    model = try Model(bytes: UnsafeRawBufferPointer(memory.bytes))
  }

  private static let words = (0..<classes).flatMap { [1, UInt8(ascii: "a") + UInt8($0)] }

  private static func network(_ width: Int) -> [UInt8] {
    bytes([UInt16(width), 0, 0, 1]) + bytes([1000, 0] as [UInt32]) + bytes([3, UInt16(classes)] as [UInt16])
      + [UInt8](repeating: 0, count: 12)
  }

  /// One frame of zeros; its digest is never compared.
  private static func selfTest(_ width: Int) -> [UInt8] {
    bytes([1, 0] as [UInt16]) + bytes([1] as [UInt32]) + bytes([0] as [UInt64]) + bytes([UInt32(width)])
      + [UInt8](repeating: 0, count: 12 + 2 * width)
  }

  /// An input of 1 makes a current of 1.5, and nothing is remembered.
  private static func spikeForSpike(_ width: Int) -> [UInt8] {
    let zeros = [Int32](repeating: 0, count: width)
    var layer = header(1, source: 0, from: width, to: width)
    var weights = [Int8](repeating: 0, count: width * width)
    for index in 0..<width { weights[index * width + index] = 1 }
    append(weights, to: &layer)
    append([Int32](repeating: 3 << 23, count: width), to: &layer)
    append([UInt8](repeating: 0, count: width), to: &layer)
    for _ in 0..<4 { append(zeros, to: &layer) }
    append([UInt8](repeating: 0, count: width), to: &layer)
    for _ in 0..<2 { append(zeros, to: &layer) }
    return layer
  }

  /// SiLIF (kind 1) or readout (kind 3).
  private static func dense(_ kind: UInt16, from inputs: Int, to width: Int, _ random: inout Random) -> [UInt8] {
    var layer = header(kind, source: 1, from: inputs, to: width)
    func coefficients(_ greatest: Int32) -> [Int32] {
      (0..<width).map { _ in Int32.random(in: 0...greatest, using: &random) }
    }
    append((0..<inputs * width).map { _ in Int8.random(in: -127...127, using: &random) }, to: &layer)
    append(coefficients(1 << 16), to: &layer)
    append([UInt8](repeating: 8, count: width), to: &layer)
    append(coefficients(1 << 24), to: &layer)
    append(coefficients(1 << 30), to: &layer)
    guard kind == 1 else { return layer }
    append(coefficients(1 << 30), to: &layer)
    append(coefficients(1 << 30), to: &layer)
    append([UInt8](repeating: 10, count: width), to: &layer)
    append(coefficients(1 << 30), to: &layer)
    append(coefficients(1 << 17), to: &layer)
    return layer
  }

  private static func header(_ kind: UInt16, source: UInt16, from inputs: Int, to outputs: Int) -> [UInt8] {
    bytes([kind, source, 0, 8, UInt16(inputs), UInt16(outputs), 0, 16]) + [UInt8](repeating: 0, count: 16)
  }

  private static func bytes<Word: FixedWidthInteger>(_ words: [Word]) -> [UInt8] {
    words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
  }

  private static func append<Word: FixedWidthInteger>(_ table: [Word], to section: inout [UInt8]) {
    section += bytes(table)
    section += [UInt8](repeating: 0, count: (16 - section.count % 16) % 16)
  }

  private static func file(_ sections: [(tag: StaticString, bytes: [UInt8])]) -> AlignedMemory {
    var table: [UInt8] = []
    var body: [UInt8] = []
    let start = 32 + 16 * sections.count
    for section in sections {
      table += Array(section.tag.description.utf8)
      table += bytes([UInt32(start + body.count), UInt32(section.bytes.count), 0])
      append(section.bytes, to: &body)
    }
    let magic: [UInt8] = [0x89, 0x53, 0x69, 0x4C, 0x49, 0x46, 0x0D, 0x0A]
    var whole = magic + bytes([1, UInt16(sections.count)]) + bytes([UInt32(start + body.count)])
    whole += [UInt8](repeating: 0, count: 16) + table + body
    var checksum = CRC32()
    whole[..<16].withUnsafeBytes { checksum.update($0) }
    whole[20...].withUnsafeBytes { checksum.update($0) }
    whole.replaceSubrange(16..<20, with: bytes([checksum.value]))
    let memory = AlignedMemory(byteCount: whole.count)
    memory.bytes.copyBytes(from: whole)
    return memory
  }

  /// A small seeded generator: every run measures the same network.
  struct Random: RandomNumberGenerator {
    private var state: UInt64 = 1

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return word ^ (word >> 31)
    }
  }
}
