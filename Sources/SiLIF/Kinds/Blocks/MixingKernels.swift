#if canImport(CKernels)
  import CKernels

  extension GLUBlock {
    /// The twin of `mix` in C.
    @_noAllocation @_noLocks
    func mix(_ currents: Currents, kernels: UnsafePointer<silif_kernels>, saturation: SaturationCounter) {
      var mixing = silif_mixing(currents, from: input, to: output, width: space.width)
      silif_mix_glu(kernels, &mixing)
      saturation.add(mixing.saturated)
    }
  }

  extension PSpikeBlock {
    /// The twin of `mix` in C.
    @_noAllocation @_noLocks
    func mix(_ currents: Currents, kernels: UnsafePointer<silif_kernels>, saturation: SaturationCounter) {
      var mixing = silif_mixing(currents, from: input, to: output, width: space.width)
      silif_mix_gelu(kernels, &mixing)
      saturation.add(mixing.saturated)
    }

    /// The twin of `sample` in C.
    @_noAllocation @_noLocks
    func sample(_ values_qF: UnsafePointer<Int32>, second: Bool, kernels: UnsafePointer<silif_kernels>) {
      var sampling = silif_sampling(
        values_qF: values_qF, mantissa: second ? tables.spikeMantissa : tables.space.inputMantissa,
        shift: second ? tables.spikeShift : tables.space.inputShift,
        bias_q16: second ? tables.spikeBias_q16 : tables.space.inputBias,
        errors_q16: feedsBack ? errors_q16 + (second ? space.width : 0) : nil,
        spiked: second ? spikes.flags : taken, seed: clock.pointee.seed, step: clock.pointee.step, width: space.width,
        site: second ? site &+ 1 : site, state_fraction_bits: Int32(truncatingIfNeeded: input.fractionBits),
        is_activated: second ? 1 : 0, is_shared: shares ? 1 : 0)
      silif_sample(kernels, &sampling)
    }
  }

  extension GSUBlock {
    /// The twin of `sumTernary` in C.
    @_noAllocation @_noLocks
    func sumTernary(kernels: UnsafePointer<silif_kernels>) {
      var sums = silif_ternary(
        rows: weights.rows, threshold: tables.ternaryThreshold, values_qF: output.values_qF, sums_qF: sums_qF,
        inputs: weights.inputs, width: weights.width, bits: Int32(truncatingIfNeeded: weights.bits))
      silif_sum_ternary(kernels, &sums)
    }
  }

  extension silif_mixing {
    @_noAllocation @_noLocks
    @inline(__always)
    fileprivate init(_ currents: Currents, from: Stream, to: Stream, width: Int) {
      self.init(
        current: currents.inC, from_qF: from.values_qF, to_qF: to.values_qF, width: width,
        state_fraction_bits: Int32(truncatingIfNeeded: from.fractionBits), saturated: 0)
    }
  }
#endif
