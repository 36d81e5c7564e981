#if canImport(CKernels)
  import CKernels

  extension LIFNeurons {
    /// The twin of `step` in C.
    @_noAllocation @_noLocks
    func step(_ currents: Currents, kernels: UnsafePointer<silif_kernels>, saturation: SaturationCounter) {
      var neurons = silif_lif_neurons(
        current: currents.inC, decay_q30: tables.decay_q30, membrane_qF: membrane_qF, spiked: spikes.flags,
        active: spikes.active, width: width, state_fraction_bits: Int32(truncatingIfNeeded: stateFractionBits),
        saturated: 0)
      spikes.count.pointee = silif_step_lif(kernels, &neurons)
      saturation.add(neurons.saturated)
    }
  }
#endif
