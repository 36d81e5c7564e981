/// Sums of a dense, integer-valued frame: `sum[j] = Σ_i x[i] · W[i][j]`, exact in Int32 because
/// `ConnectionTables` proved Σ|W|·limit <= Int32.max for every row.
///
/// Twins: Sources/CKernels/{plain,avx2,neon,dsp}.c
enum DenseInput {
  /// - Parameters:
  ///   - nonZero: scratch for the indices of the non-zero inputs, [inputs].
  ///   - values: scratch for their values, [inputs]. Side by side, four of them load as one vector.
  ///   - sums: receives the sums, [weights.width].
  @_noAllocation @_noLocks
  static func accumulate(
    frame: UnsafePointer<Int16>, weights: Weights, nonZero: UnsafeMutablePointer<UInt16>,
    values: UnsafeMutablePointer<Int16>, into sums: UnsafeMutablePointer<Int32>
  ) {
    let width = weights.width
    let count = listNonZero(frame, weights.inputs, nonZero, values)
    clear(sums, width)
    if weights.bits == 8 {
      addRows(weights.rows.assumingMemoryBound(to: Int8.self), values, nonZero, count, width, sums)
    } else if weights.bits == 4 {
      NibbleRows.accumulate(values: values, inputs: nonZero, count: count, weights: weights, into: sums)
    } else {
      addRows(weights.rows.assumingMemoryBound(to: Int16.self), values, nonZero, count, width, sums)
    }
  }

  @_noAllocation @_noLocks
  @inline(__always)
  static func clear(_ sums: UnsafeMutablePointer<Int32>, _ width: Int) {
    for output in 0..<width { sums[output] = 0 }
  }

  /// Event data are mostly zeros. Without a branch: every index is written, and kept only when its value is not zero.
  @inline(__always)
  private static func listNonZero(
    _ frame: UnsafePointer<Int16>, _ inputs: Int, _ nonZero: UnsafeMutablePointer<UInt16>,
    _ values: UnsafeMutablePointer<Int16>
  ) -> Int {
    var count = 0
    for input in 0..<inputs {
      let value = frame[input]
      nonZero[count] = UInt16(truncatingIfNeeded: input)
      values[count] = value
      count &+= value == 0 ? 0 : 1
    }
    return count
  }

  /// Four rows at a time: one load and one store of the sums serve four rows. Twice, for the two weight widths: a
  /// generic call is not proven free of locks.
  @inline(__always)
  private static func addRows(
    _ weights: UnsafePointer<Int8>, _ values: UnsafePointer<Int16>, _ nonZero: UnsafePointer<UInt16>, _ count: Int,
    _ width: Int, _ sums: UnsafeMutablePointer<Int32>
  ) {
    var position = 0
    while position &+ 4 <= count {
      let input0 = Int(nonZero[position])
      let input1 = Int(nonZero[position &+ 1])
      let input2 = Int(nonZero[position &+ 2])
      let input3 = Int(nonZero[position &+ 3])
      let value0 = Int32(values[position])
      let value1 = Int32(values[position &+ 1])
      let value2 = Int32(values[position &+ 2])
      let value3 = Int32(values[position &+ 3])
      let row0 = weights + input0 &* width
      let row1 = weights + input1 &* width
      let row2 = weights + input2 &* width
      let row3 = weights + input3 &* width
      for output in 0..<width {
        let pair0 = value0 &* Int32(row0[output]) &+ value1 &* Int32(row1[output])
        let pair1 = value2 &* Int32(row2[output]) &+ value3 &* Int32(row3[output])
        sums[output] &+= pair0 &+ pair1
      }
      position &+= 4
    }
    while position < count {
      let input = Int(nonZero[position])
      let value = Int32(values[position])
      let row = weights + input &* width
      for output in 0..<width { sums[output] &+= value &* Int32(row[output]) }
      position &+= 1
    }
  }

  @inline(__always)
  private static func addRows(
    _ weights: UnsafePointer<Int16>, _ values: UnsafePointer<Int16>, _ nonZero: UnsafePointer<UInt16>, _ count: Int,
    _ width: Int, _ sums: UnsafeMutablePointer<Int32>
  ) {
    for position in 0..<count {
      let input = Int(nonZero[position])
      let value = Int32(values[position])
      let row = weights + input &* width
      for output in 0..<width { sums[output] &+= value &* Int32(row[output]) }
    }
  }
}
