@testable import SiLIF

/// Builds a LAYR section byte by byte, as docs/MODEL-FORMAT.md says, without the Python writer.
struct SectionBuilder {
  private(set) var bytes: [UInt8] = []

  mutating func append<Word: FixedWidthInteger>(_ words: [Word]) {
    for word in words { withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) } }
  }

  mutating func appendTable<Word: FixedWidthInteger>(_ words: [Word]) {
    append(words)
    bytes += [UInt8](repeating: 0, count: (16 - bytes.count % 16) % 16)
  }
}

/// A readout layer of chosen weights and delays, with the memory that holds it: for tests of inputs and rings.
final class LayerOfWeights {
  let parameters: LayerParameters
  private let section: AlignedBytes

  /// - Parameters:
  ///   - weights: [inputs][outputs]; outputs a multiple of 16, so that no padding is needed.
  ///   - delays: empty, or as the kind demands.
  init(
    _ weights: [[Int]], bits: Int = 8, source: LayerSource = .spikes, delayKind: DelayKind = .none,
    delays: [UInt8] = [], maximumDelay: Int = 0
  ) throws {
    let outputs = weights[0].count
    precondition(outputs % 16 == 0)
    var builder = SectionBuilder()
    builder.append([
      NeuronKind.readout.rawValue, source.rawValue, delayKind.rawValue, UInt16(bits), UInt16(weights.count),
      UInt16(outputs), UInt16(maximumDelay), 16,
    ])
    builder.append([UInt64](repeating: 0, count: 2))
    let flat = weights.flatMap { $0 }
    switch bits {
    case 4: builder.appendTable(weights.flatMap(LayerOfWeights.packed))
    case 8: builder.appendTable(flat.map { Int8($0) })
    default: builder.appendTable(flat.map { Int16($0) })
    }
    builder.appendTable([Int32](repeating: 1, count: outputs))
    builder.appendTable([UInt8](repeating: 0, count: outputs))
    builder.appendTable([Int32](repeating: 0, count: outputs))
    if !delays.isEmpty { builder.appendTable(delays) }
    builder.appendTable([Int32](repeating: 0, count: outputs))
    section = AlignedBytes(builder.bytes)
    parameters = try LayerParameters(section: section.readOnly, layer: 0)
  }

  /// One row of 4-bit weights: the first half of the outputs in the low nibbles, the second half in the high ones.
  private static func packed(_ row: [Int]) -> [UInt8] {
    let half = row.count / 2
    return (0..<half).map { index -> UInt8 in
      let (low, high) = ((row[index] + 16) % 16, (row[half + index] + 16) % 16)
      return UInt8(high * 16 + low)
    }
  }
}
