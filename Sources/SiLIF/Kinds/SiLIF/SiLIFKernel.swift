#if canImport(CKernels)
  import CKernels

  extension SiLIFNeurons {
    /// The twin of `step` in C.
    @_noAllocation @_noLocks
    func step(_ currents: Currents, kernels: UnsafePointer<silif_kernels>, saturation: SaturationCounter) {
      var neurons = silif_neurons(
        current: currents.inC, decay_q30: tables.decay_q30, input_gain_q30: tables.inputGain_q30,
        leak_mantissa: tables.leakMantissa, leak_shift: tables.leakShift,
        subthreshold_coupling_q30: tables.subthresholdCoupling_q30,
        spike_coupling_qF: tables.spikeCoupling_qF, membrane_qF: membrane_qF, adaptation_qF30: adaptation_qF30,
        spiked: spikes.flags, active: spikes.active, width: width,
        state_fraction_bits: Int32(truncatingIfNeeded: stateFractionBits), saturated: 0)
      spikes.count.pointee = silif_step_silif(kernels, &neurons)
      saturation.add(neurons.saturated)
    }
  }
#endif
