#if canImport(CKernels)
  import CKernels

  extension SpikeInput {
    /// The twin of `accumulate` in C.
    @_noAllocation @_noLocks
    static func accumulate(
      kernels: UnsafePointer<silif_kernels>, active: UnsafePointer<UInt16>, count: Int, weights: Weights,
      into sums: UnsafeMutablePointer<Int32>
    ) {
      let width = weights.width
      if weights.bits == 8 {
        silif_sum_rows8(
          kernels, weights.rows.assumingMemoryBound(to: Int8.self), width, active, count, sums)
      } else if weights.bits == 4 {
        silif_sum_rows4(
          kernels, weights.rows.assumingMemoryBound(to: Int8.self), width, active, count, sums)
      } else {
        silif_sum_rows16(
          kernels, weights.rows.assumingMemoryBound(to: Int16.self), width, active, count, sums)
      }
    }
  }

  extension DenseInput {
    /// The twin of `accumulate` in C.
    @_noAllocation @_noLocks
    static func accumulate(
      kernels: UnsafePointer<silif_kernels>, frame: UnsafePointer<Int16>, weights: Weights,
      nonZero: UnsafeMutablePointer<UInt16>, into sums: UnsafeMutablePointer<Int32>
    ) {
      let width = weights.width
      if weights.bits == 8 {
        silif_sum_dense8(
          kernels, weights.rows.assumingMemoryBound(to: Int8.self), width, frame, weights.inputs,
          nonZero, sums)
      } else if weights.bits == 4 {
        silif_sum_dense4(
          kernels, weights.rows.assumingMemoryBound(to: Int8.self), width, frame, weights.inputs,
          nonZero, sums)
      } else {
        silif_sum_dense16(
          kernels, weights.rows.assumingMemoryBound(to: Int16.self), width, frame, weights.inputs,
          nonZero, sums)
      }
    }
  }

  extension Currents {
    /// As the kernels take them.
    var inC: silif_current {
      @_noAllocation @_noLocks @inline(__always) get {
        silif_current(sums: sums, mantissa: scale.mantissa, shift: scale.shift, bias_qF8: scale.bias_qF8)
      }
    }
  }
#endif
