#if canImport(CKernels)
  import CKernels

  extension SpikeInput {
    /// The twin of `accumulate` in C.
    @_noAllocation @_noLocks
    static func accumulate(
      kernels: KernelLevel, active: UnsafePointer<UInt16>, count: Int, parameters: borrowing LayerParameters,
      into sums: UnsafeMutablePointer<Int32>
    ) {
      let width = parameters.paddedOutputs
      if parameters.weightBits == 8 {
        silif_sum_rows8(
          kernels.level, parameters.weights.assumingMemoryBound(to: Int8.self), width, active, count, sums)
      } else if parameters.weightBits == 4 {
        silif_sum_rows4(
          kernels.level, parameters.weights.assumingMemoryBound(to: Int8.self), width, active, count, sums)
      } else {
        silif_sum_rows16(
          kernels.level, parameters.weights.assumingMemoryBound(to: Int16.self), width, active, count, sums)
      }
    }
  }

  extension DenseInput {
    /// The twin of `accumulate` in C.
    @_noAllocation @_noLocks
    static func accumulate(
      kernels: KernelLevel, frame: UnsafePointer<Int16>, parameters: borrowing LayerParameters,
      nonZero: UnsafeMutablePointer<UInt16>, into sums: UnsafeMutablePointer<Int32>
    ) {
      let width = parameters.paddedOutputs
      if parameters.weightBits == 8 {
        silif_sum_dense8(
          kernels.level, parameters.weights.assumingMemoryBound(to: Int8.self), width, frame, parameters.inputs,
          nonZero, sums)
      } else if parameters.weightBits == 4 {
        silif_sum_dense4(
          kernels.level, parameters.weights.assumingMemoryBound(to: Int8.self), width, frame, parameters.inputs,
          nonZero, sums)
      } else {
        silif_sum_dense16(
          kernels.level, parameters.weights.assumingMemoryBound(to: Int16.self), width, frame, parameters.inputs,
          nonZero, sums)
      }
    }
  }
#endif
