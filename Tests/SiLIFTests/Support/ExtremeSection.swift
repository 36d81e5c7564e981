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
    let isColumn = (0..<header.columns).map { !header.isPadding(column: $0) }
    let weights = (0..<header.inputs).map { _ in isColumn.map { $0 ? Int(some(range)) : 0 } }
    section.fillWeights(weights)
    let own = header.isRecurrent ? (0..<header.outputs).map { _ in isColumn.map { $0 ? Int(some(range)) : 0 } } : []
    if header.isRecurrent { section.fillWeights(own, table: "recurrent_weights") }
    /// The largest mantissa, up to a random one, with which the largest sum makes a current of at most 2^exponent.
    func setScale(_ scale: String, of weights: [[Int]], limit: Int, exponent: Int) {
      for output in isColumn.indices where isColumn[output] {
        let sum = Int64(weights.reduce(0) { $0 + abs($1[output]) } * limit)
        let shift = Int64.random(in: 0...62, using: &random)
        let largest = Double(sign: .plus, exponent: exponent + Int(shift), significand: 1) / Double(max(sum, 1))
        let mantissa = Int64.random(in: 0...Int64(min(largest, Double(Int32.max))), using: &random)
        section.set(shift, in: section.table(scale + "_shift"), at: output)
        section.set(mantissa, in: section.table(scale + "_mantissa"), at: output)
      }
    }
    for table in header.tables {
      switch table.field.description {
      case "weights", "scale_mantissa", "recurrent_weights", "recurrent_mantissa": break
      case "scale_shift": setScale("scale", of: weights, limit: inputLimit, exponent: 37)
      // With half of the range for own spikes, and half for the bias.
      case "recurrent_shift": setScale("recurrent", of: own, limit: 1, exponent: 29)
      case "bias" where header.isRecurrent:
        for index in table.indices(header).values { section.set(some(-(1 << 30)...(1 << 30)), in: table, at: index) }
      default:
        // All but the padding; delays and the like have none.
        for index in table.padding == nil ? Array(0..<table.count) : table.indices(header).values {
          section.set(some(table.range), in: table, at: index)
        }
      }
    }
    if header.kind.hasStateSpaces { section.boundPairs(random: &random) }
    return section
  }

  /// Decays and gains with which the states of every pair stay within their bound, often only just.
  private mutating func boundPairs(random: inout SplitMix64) {
    let limit = StateSpace.inputLimit(header)
    let (one, rounding) = (Int64(1) << 30, Int64(3) << 29)
    for pair in 0..<header.outputs * header.statePairs {
      let real = Bool.random(using: &random) ? one - 1 : Int64.random(in: 1 - one..<one, using: &random)
      let rest = (1 << 60) - rounding - real * real
      let imaginary = Int64.random(in: 0...Int64(Double(rest).squareRoot() * 0.999_999), using: &random)
      let room = (1 << 60) - rounding - real * real - imaginary * imaginary
      let gain = min(one, room / (2 * limit))
      set(real, in: table("pair_decay"), at: 2 * pair)
      set(Bool.random(using: &random) ? imaginary : -imaginary, in: table("pair_decay"), at: 2 * pair + 1)
      set(
        Bool.random(using: &random) ? gain : Int64.random(in: 0...gain, using: &random), in: table("pair_gain"),
        at: pair)
    }
  }
}
