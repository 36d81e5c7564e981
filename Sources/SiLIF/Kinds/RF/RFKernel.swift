#if canImport(CKernels)
  import CKernels

  extension RFNeurons {
    /// The twin of `step` in C.
    @_noAllocation @_noLocks
    func step(_ currents: Currents, kernels: UnsafePointer<silif_kernels>, saturation: SaturationCounter) {
      var neurons = silif_complex_neurons(
        current: currents.inC, decay_real_q30: decay.real_q30, decay_imaginary_q30: decay.imaginary_q30,
        real_qF: state.real_qF,
        imaginary_qF: state.imaginary_qF, spiked: spikes.flags, active: spikes.active, width: state.width,
        state_fraction_bits: Int32(truncatingIfNeeded: stateFractionBits), saturated: 0)
      spikes.count.pointee = silif_step_rf(kernels, &neurons)
      saturation.add(neurons.saturated)
    }
  }
#endif
