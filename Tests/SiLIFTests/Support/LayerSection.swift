@testable import SiLIF

/// The bytes of a LAYR section: a header, and tables of zeros, to be filled by name.
struct LayerSection {
  let header: LayerHeader
  var bytes: [UInt8]

  init(_ header: LayerHeader) {
    self.header = header
    bytes = [UInt8](repeating: 0, count: header.tables.last!.end)
    let fields = [
      header.kind.rawValue, header.sourceField, header.delayKind.rawValue, UInt16(header.weightBits),
      UInt16(header.inputs), UInt16(header.outputs), UInt16(header.maximumDelay), UInt16(header.stateFractionBits),
      UInt16(header.statePairs),
    ]
    for (index, field) in fields.enumerated() { store(field, at: 2 * index) }
  }

  func table(_ field: String) -> LayerTable { header.tables.first { $0.field.description == field }! }

  /// Fills a table from its start.
  mutating func fill(_ field: String, _ values: [Int64]) {
    let table = table(field)
    precondition(values.count <= table.count)
    for (index, value) in values.enumerated() { set(value, in: table, at: index) }
  }

  mutating func set(_ value: Int64, in table: LayerTable, at index: Int) {
    let offset = table.offset + index * table.elementBytes
    switch table.elementBytes {
    case 1: store(UInt8(truncatingIfNeeded: value), at: offset)
    case 2: store(UInt16(truncatingIfNeeded: value), at: offset)
    default: store(UInt32(truncatingIfNeeded: value), at: offset)
    }
  }

  /// - Parameter weights: [inputs][columns], the zeros at the end left out.
  mutating func fillWeights(_ weights: [[Int]], table field: String = "weights") {
    let table = table(field)
    let width = header.columns
    for (input, row) in weights.enumerated() {
      let padded = row + [Int](repeating: 0, count: width - row.count)
      if header.weightBits == 4 {
        // The first half of the outputs in the low nibbles, the second half in the high ones.
        for index in 0..<width / 2 {
          let byte = (padded[index] & 15) | (padded[width / 2 + index] & 15) << 4
          set(Int64(byte), in: table, at: input * width / 2 + index)
        }
      } else {
        for index in 0..<width { set(Int64(padded[index]), in: table, at: input * width + index) }
      }
    }
  }

  private mutating func store<Word: FixedWidthInteger>(_ word: Word, at offset: Int) {
    withUnsafeBytes(of: word.littleEndian) { bytes.replaceSubrange(offset..<offset + $0.count, with: $0) }
  }
}

extension LayerTable {
  /// The elements that belong to neurons, and those of the padding.
  func indices(_ header: LayerHeader) -> (values: [Int], padding: [Int]) {
    func isValue(_ index: Int) -> Bool { !header.isPadding(column: index / each) }
    return ((0..<count).filter(isValue), (0..<count).filter { !isValue($0) })
  }
}

/// A section in memory, proved as the model reader proves it.
final class LoadedLayer {
  let parameters: LayerParameters
  private let section: AlignedBytes

  init(_ bytes: [UInt8], inputLimit: Int = 1) throws {
    section = AlignedBytes(bytes)
    parameters = try LayerParameters(section: section.readOnly, layer: 0)
    try parameters.prove(section: section.readOnly, inputLimit: inputLimit, layer: 0)
  }

  convenience init(_ section: LayerSection, inputLimit: Int = 1) throws {
    try self.init(section.bytes, inputLimit: inputLimit)
  }
}

/// A layer of chosen weights and delays: for tests of inputs and rings.
final class LayerOfWeights {
  private let layer: LoadedLayer
  var weights: Weights { layer.parameters.connection.weights }
  var delays: UnsafePointer<UInt8>? { layer.parameters.connection.delays }

  /// - Parameters:
  ///   - weights: [inputs][outputs]; outputs a multiple of 16, so that no padding is needed.
  ///   - delays: empty, or as the kind demands.
  init(
    _ weights: [[Int]], bits: Int = 8, source: EdgeKind = .spikes, delayKind: DelayKind = .none,
    delays: [UInt8] = [], maximumDelay: Int = 0
  ) throws {
    precondition(weights[0].count % 16 == 0)
    var section = LayerSection(
      LayerHeader(
        kind: .readout, source: source, delayKind: delayKind, weightBits: bits, inputs: weights.count,
        outputs: weights[0].count, maximumDelay: maximumDelay))
    section.fillWeights(weights)
    if !delays.isEmpty { section.fill("delays", delays.map(Int64.init)) }
    layer = try LoadedLayer(section)
  }
}
