import TestSupport

@testable import SiLIF

extension LayerSection {
  /// A layer whose values lie anywhere within their bounds, and often on them, whatever its kind.
  ///
  /// - Parameter inputLimit: largest |x| of what it will read.
  static func extreme(_ header: LayerHeader, inputLimit: Int, random: inout SplitMix64) -> LayerSection {
    var section = LayerSection(header)
    func some(_ range: ClosedRange<Int64>) -> Int64 {
      switch Int.random(in: 0..<4, using: &random) {
      case 0: range.lowerBound
      case 1: range.upperBound
      default: Int64.random(in: range, using: &random)
      }
    }
    let range = section.table("weights").range
    let weights = (0..<header.inputs).map { _ in (0..<header.outputs).map { _ in Int(some(range)) } }
    section.fillWeights(weights)
    for table in header.tables {
      switch table.field.description {
      case "weights", "scale_mantissa": break
      case "scale_shift":
        // The largest mantissa, up to a random one, with which the largest sum makes a current of at most 2^37.
        for output in 0..<header.outputs {
          let sum = Int64(weights.reduce(0) { $0 + abs($1[output]) } * inputLimit)
          let shift = Int64.random(in: 0...62, using: &random)
          let largest = Double(sign: .plus, exponent: 37 + Int(shift), significand: 1) / Double(max(sum, 1))
          let mantissa = Int64.random(in: 0...Int64(min(largest, Double(Int32.max))), using: &random)
          section.set(shift, in: table, at: output)
          section.set(mantissa, in: section.table("scale_mantissa"), at: output)
        }
      default:
        // All but the padding; delays and the like have none.
        let count = table.padding == nil ? table.count : header.outputs
        for index in 0..<count { section.set(some(table.range), in: table, at: index) }
      }
    }
    return section
  }
}
