/// Sums of a dense, integer-valued frame: `sum[j] = Σ_i x[i] · W[i][j]`, exact in Int32 because
/// `LayerParameters.checkBounds` proved Σ|W|·limit <= Int32.max for every row.
enum DenseInput {
  @_noAllocation @_noLocks
  static func accumulate(
    frame: UnsafePointer<Int16>, parameters: borrowing LayerParameters, into sums: UnsafeMutablePointer<Int32>
  ) {
    let width = parameters.paddedOutputs
    clear(sums, width)
    if parameters.weightBits == 8 {
      let weights = parameters.weights.assumingMemoryBound(to: Int8.self)
      for input in 0..<parameters.inputs {
        let value = Int32(frame[input])
        if value != 0 { addScaledRow(weights + input &* width, by: value, to: sums, width) }
      }
    } else {
      let weights = parameters.weights.assumingMemoryBound(to: Int16.self)
      for input in 0..<parameters.inputs {
        let value = Int32(frame[input])
        if value != 0 { addScaledRow(weights + input &* width, by: value, to: sums, width) }
      }
    }
  }

  /// `sums += value · row`. Twice, for the two weight widths: a generic call is not proven free of locks.
  @_noAllocation @_noLocks
  @inline(__always)
  static func addScaledRow(
    _ row: UnsafePointer<Int8>, by value: Int32, to sums: UnsafeMutablePointer<Int32>, _ width: Int
  ) {
    for output in 0..<width { sums[output] &+= value &* Int32(row[output]) }
  }

  @_noAllocation @_noLocks
  @inline(__always)
  static func addScaledRow(
    _ row: UnsafePointer<Int16>, by value: Int32, to sums: UnsafeMutablePointer<Int32>, _ width: Int
  ) {
    for output in 0..<width { sums[output] &+= value &* Int32(row[output]) }
  }

  @_noAllocation @_noLocks
  @inline(__always)
  static func clear(_ sums: UnsafeMutablePointer<Int32>, _ width: Int) {
    for output in 0..<width { sums[output] = 0 }
  }
}
