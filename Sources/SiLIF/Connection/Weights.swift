/// A matrix of weights, used in place: one row for each input, so that a spike adds neighbours.
struct Weights: BitwiseCopyable {
  /// [inputs][width], nibbles (NibbleRow), Int8 or Int16.
  let rows: UnsafeRawPointer
  /// 4, 8 or 16.
  let bits: Int
  let inputs: Int
  /// Outputs of all branches with their padding: the row stride.
  let width: Int

  init(reading reader: inout TableReader) throws(ModelError) {
    try self.init(reading: &reader, "weights", padding: "weights padding", inputs: reader.header.inputs)
  }

  /// - Parameters:
  ///   - field: the table's name in docs/MODEL-FORMAT.md.
  ///   - padding: the same with " padding" after it.
  ///   - inputs: its rows.
  init(
    reading reader: inout TableReader, _ field: StaticString, padding: StaticString, inputs: Int
  ) throws(ModelError) {
    let header = reader.header
    self.inputs = inputs
    (bits, width) = (header.weightBits, header.columns)
    let range = -(Int64(1) << Int64(bits - 1))...(Int64(1) << Int64(bits - 1)) - 1
    switch bits {
    case 4:
      // Two a byte: the range is a nibble's.
      rows = UnsafeRawPointer(try reader.table(UInt8.self, field, count: inputs * (width / 2), in: range))
    case 8: rows = UnsafeRawPointer(try reader.table(Int8.self, field, count: inputs * width, in: range))
    default: rows = UnsafeRawPointer(try reader.table(Int16.self, field, count: inputs * width, in: range))
    }
    guard reader.proves else { return }
    for output in 0..<width where header.isPadding(column: output) {
      for input in 0..<inputs {
        try reader.prove(Int64(weight(from: input, to: output)), in: 0...0, padding)
      }
    }
  }

  /// The weight from `input` to `output`. Not for the step path.
  func weight(from input: Int, to output: Int) -> Int32 {
    if bits == 4 { return Int32(NibbleRow(input, of: self).weight(output)) }
    let index = input * width + output
    return bits == 8
      ? Int32(rows.assumingMemoryBound(to: Int8.self)[index])
      : Int32(rows.assumingMemoryBound(to: Int16.self)[index])
  }

  /// The largest |sum| that inputs of at most `limit` can make at an output: of any subset of them, in any order.
  func largestSum(to output: Int, inputLimit limit: Int) -> Int64 {
    var magnitude: Int64 = 0
    for input in 0..<inputs { magnitude += Int64(abs(weight(from: input, to: output))) }
    return magnitude * Int64(limit)
  }
}
