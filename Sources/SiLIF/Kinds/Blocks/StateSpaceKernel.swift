#if canImport(CKernels)
  import CKernels

  extension StateSpace {
    /// The twin of `step` in C, of all channels: `values_qF` [width] hold x and receive y.
    @_noAllocation @_noLocks
    func step(
      _ values_qF: UnsafeMutablePointer<Int32>, kernels: UnsafePointer<silif_kernels>, saturation: SaturationCounter
    ) {
      var spaces = silif_state_spaces(
        decay: tables.pairDecay_q30, gain: tables.pairGain_q30, output: tables.pairOutput,
        output_shift: tables.outputShift, skip: tables.skip, states: states_qF, values: values_qF, width: width,
        pairs: pairs, saturated: 0)
      silif_step_spaces(kernels, &spaces)
      saturation.add(spaces.saturated)
    }
  }
#endif
