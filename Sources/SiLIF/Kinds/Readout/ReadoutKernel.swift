#if canImport(CKernels)
  import CKernels

  extension ReadoutNeurons {
    /// The twin of `step` in C.
    @_noAllocation @_noLocks
    func step(_ currents: Currents, kernels: UnsafePointer<silif_kernels>, saturation: SaturationCounter) {
      var readout = silif_readout(
        current: currents.inC, decay_q30: tables.decay_q30, membrane_qF: membrane_qF, width: width, saturated: 0)
      silif_step_readout(kernels, &readout)
      saturation.add(readout.saturated)
    }
  }
#endif
