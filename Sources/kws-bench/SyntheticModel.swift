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
    sections.append(("LAYR", SyntheticModel.randomLayer(.siLIF, from: width, to: width, &random)))
    sections.append(("LAYR", SyntheticModel.randomLayer(.readout, from: width, to: SyntheticModel.classes, &random)))
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
    layer(LayerHeader(kind: .siLIF, source: .frames, inputs: width, outputs: width)) { field, _, index in
      switch field {
      case "weights": index % (width + 1) == 0 ? 1 : 0
      case "scale_mantissa": 3 << 23
      default: 0
      }
    }
  }

  /// Weights and coefficients at random.
  private static func randomLayer(
    _ kind: NeuronKind, from inputs: Int, to width: Int, _ random: inout Random
  ) -> [UInt8] {
    layer(LayerHeader(kind: kind, source: .spikes, inputs: inputs, outputs: width)) { field, table, _ in
      switch field {
      case "weights": Int64.random(in: -127...127, using: &random)
      case "scale_mantissa": Int64.random(in: 0...1 << 16, using: &random)
      case "scale_shift": 8
      case "bias": Int64.random(in: 0...1 << 24, using: &random)
      // Exponents, and coefficients.
      default: table.elementBytes == 1 ? 10 : Int64.random(in: 0...table.range.upperBound, using: &random)
      }
    }
  }

  /// A section whose tables hold what `value` says of each element. There is no padding: widths are multiples of 16.
  private static func layer(
    _ header: LayerHeader, _ value: (_ field: String, _ table: LayerTable, _ index: Int) -> Int64
  ) -> [UInt8] {
    let tables = header.tables
    let fields = [
      header.kind.rawValue, header.source.rawValue, header.delayKind.rawValue, UInt16(header.weightBits),
      UInt16(header.inputs), UInt16(header.outputs), UInt16(header.maximumDelay), UInt16(header.stateFractionBits),
    ]
    var section = bytes(fields) + [UInt8](repeating: 0, count: tables.last!.end - 2 * fields.count)
    section.withUnsafeMutableBytes { section in
      for table in tables {
        let field = table.field.description
        for index in 0..<table.count {
          let offset = table.offset + index * table.elementBytes
          let value = value(field, table, index)
          if table.elementBytes == 1 {
            section[offset] = UInt8(truncatingIfNeeded: value)
          } else {
            section.storeBytes(of: Int32(value).littleEndian, toByteOffset: offset, as: Int32.self)
          }
        }
      }
    }
    return section
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
