#if canImport(CKernels)
  import CKernels

  extension SiLIFNeurons {
    /// The twin of `step` in C, which also lists who fired.
    ///
    /// - Returns: how many fired.
    @_noAllocation @_noLocks
    func step(
      kernels: KernelLevel, sums: UnsafePointer<Int32>, spiked: UnsafeMutablePointer<UInt8>,
      active: UnsafeMutablePointer<UInt16>, parameters: borrowing LayerParameters, saturation: SaturationCounter
    ) -> Int {
      var neurons = silif_neurons(
        current: current(sums, parameters), decay: parameters.decay, input_gain: parameters.second,
        leak_mantissa: parameters.adaptationLeakMantissa, leak_shift: parameters.adaptationLeakShift,
        subthreshold: parameters.subthresholdCoupling, spike_coupling: parameters.spikeCoupling, membrane: membrane,
        adaptation: adaptation, spiked: spiked, active: active, width: parameters.paddedOutputs,
        state_fraction_bits: Int32(truncatingIfNeeded: parameters.stateFractionBits), saturated: 0)
      let count = silif_step_silif(kernels.level, &neurons)
      saturation.add(neurons.saturated)
      return count
    }
  }

  extension CSiLIFNeurons {
    /// As for SiLIF.
    @_noAllocation @_noLocks
    func step(
      kernels: KernelLevel, sums: UnsafePointer<Int32>, spiked: UnsafeMutablePointer<UInt8>,
      active: UnsafeMutablePointer<UInt16>, parameters: borrowing LayerParameters, saturation: SaturationCounter
    ) -> Int {
      var neurons = silif_complex_neurons(
        current: current(sums, parameters), decay_real: parameters.decay, decay_imaginary: parameters.second,
        real: real, imaginary: imaginary, spiked: spiked, active: active, width: parameters.paddedOutputs,
        state_fraction_bits: Int32(truncatingIfNeeded: parameters.stateFractionBits), saturated: 0)
      let count = silif_step_csilif(kernels.level, &neurons)
      saturation.add(neurons.saturated)
      return count
    }
  }

  extension RFNeurons {
    /// As for SiLIF.
    @_noAllocation @_noLocks
    func step(
      kernels: KernelLevel, sums: UnsafePointer<Int32>, spiked: UnsafeMutablePointer<UInt8>,
      active: UnsafeMutablePointer<UInt16>, parameters: borrowing LayerParameters, saturation: SaturationCounter
    ) -> Int {
      var neurons = silif_complex_neurons(
        current: current(sums, parameters), decay_real: parameters.decay, decay_imaginary: parameters.second,
        real: real, imaginary: imaginary, spiked: spiked, active: active, width: parameters.paddedOutputs,
        state_fraction_bits: Int32(truncatingIfNeeded: parameters.stateFractionBits), saturated: 0)
      let count = silif_step_rf(kernels.level, &neurons)
      saturation.add(neurons.saturated)
      return count
    }
  }

  extension ReadoutNeurons {
    @_noAllocation @_noLocks
    func step(
      kernels: KernelLevel, sums: UnsafePointer<Int32>, parameters: borrowing LayerParameters,
      saturation: SaturationCounter
    ) {
      var readout = silif_readout(
        current: current(sums, parameters), decay: parameters.decay, membrane: membrane,
        width: parameters.paddedOutputs, saturated: 0)
      silif_step_readout(kernels.level, &readout)
      saturation.add(readout.saturated)
    }
  }

  @_noAllocation @_noLocks
  @inline(__always)
  private func current(_ sums: UnsafePointer<Int32>, _ parameters: borrowing LayerParameters) -> silif_current {
    silif_current(
      sums: sums, mantissa: parameters.scaleMantissa, shift: parameters.scaleShift, bias: parameters.bias)
  }
#endif
