import FixedPoint

/// The tables of the connection from a layer's own spikes: weights, [outputs][width], and a scale of their own. They share the
/// bias, and arrive a step later.
///
/// Twins: tools/silif_tools/model_file/bounds.py, docs/MODEL-FORMAT.md, docs/ARITHMETIC.md
struct RecurrentTables: BitwiseCopyable {
  let weights: Weights
  /// [width]: 0...2^31 - 1
  let mantissa: UnsafePointer<Int32>
  /// [width]: 0...62
  let shift: UnsafePointer<UInt8>

  init(reading reader: inout TableReader) throws(ModelError) {
    weights = try Weights(
      reading: &reader, "recurrent_weights", padding: "recurrent_weights padding", inputs: reader.header.outputs)
    mantissa = try reader.neuronTable(
      Int32.self, "recurrent_mantissa", padding: "recurrent_mantissa padding", in: 0...Int64(Int32.max),
      // The sums are made, and count for nothing.
      busy: BusyValues(settled: 0, clamped: 0))
    shift = try reader.neuronTable(UInt8.self, "recurrent_shift", padding: "recurrent_shift padding", in: 0...62)
  }

  /// What own spikes bring is added to the bias, in Int32; with the inputs' part it stays a current.
  func prove(_ reader: TableReader, beside tables: ConnectionTables) throws(ModelError) {
    for output in 0..<reader.header.outputs {
      let sum = weights.largestSum(to: output, inputLimit: 1)
      let own_qF8 = roundedShift(sum * Int64(mantissa[output]), rightBy: Int64(shift[output]))
      let bias_qF8 = Int64(tables.scale.bias_qF8[output])
      let range = Int64(Int32.min)...Int64(Int32.max)
      try reader.prove(bias_qF8 - own_qF8, in: range, "recurrent_mantissa and bias")
      try reader.prove(bias_qF8 + own_qF8, in: range, "recurrent_mantissa and bias")
      let inputs = tables.weights.largestSum(to: output, inputLimit: reader.inputLimit)
      let current_qF8 = tables.scale.largestCurrent_qF8(of: output, sum: inputs)
      try reader.prove(own_qF8 + current_qF8, in: 0...(1 << 38), "recurrent_mantissa, scale_mantissa and bias")
    }
  }
}
