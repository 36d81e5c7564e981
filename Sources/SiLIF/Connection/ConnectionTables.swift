/// The tables of a connection: what takes a layer's inputs to currents of its neurons, whatever their kind.
///
/// Twins: tools/silif_tools/model_file/bounds.py, docs/MODEL-FORMAT.md, docs/ARITHMETIC.md
struct ConnectionTables: BitwiseCopyable {
  let weights: Weights
  let scale: Scale
  /// In steps: axonal [inputs], dendritic [width], synaptic [inputs][width]. Nil without delays.
  let delays: UnsafePointer<UInt8>?

  init(reading reader: inout TableReader) throws(ModelError) {
    weights = try Weights(reading: &reader)
    scale = try Scale(reading: &reader)
    if reader.proves {
      for output in 0..<weights.width where !reader.header.isPadding(column: output) {
        // Whatever the order and the subset, a sum then stays within Int32.
        let sum = weights.largestSum(to: output, inputLimit: reader.inputLimit)
        try reader.prove(sum, in: 0...Int64(Int32.max), "weights")
        // The current, bias included, must not pass 2^38, so that its alignment ends within 2^60.
        let current_qF8 = scale.largestCurrent_qF8(of: output, sum: sum)
        try reader.prove(current_qF8, in: 0...(1 << 38), "scale_mantissa and bias")
      }
    }
    let count: Int
    switch reader.header.delayKind {
    case .none: count = 0
    case .axonal: count = weights.inputs
    case .dendritic: count = weights.width
    case .synaptic: count = weights.inputs * weights.width
    }
    guard count > 0 else {
      delays = nil
      return
    }
    let range = 0...Int64(reader.header.maximumDelay)
    let delays = try reader.table(UInt8.self, "delays", count: count, in: range)
    if reader.proves {
      for index in 0..<count { try reader.prove(Int64(delays[index]), in: range, "delays") }
    }
    self.delays = delays
  }
}
