#if canImport(CKernels)
  import CKernels

  extension CUBANeurons {
    /// The twin of `step` in C.
    @_noAllocation @_noLocks
    func step(_ currents: Currents, kernels: UnsafePointer<silif_kernels>, saturation: SaturationCounter) {
      var neurons = silif_cuba_neurons(
        current: currents.inC, decay_q30: tables.decay_q30, synapse_decay_q30: tables.synapseDecay_q30,
        spike_decay_q30: tables.spikeDecay_q30, spike_offset_qF: tables.spikeOffset_qF,
        input_after_spike: tables.inputAfterSpike, threshold_qF: tables.threshold_qF,
        membrane_bias_qF8: tables.membraneBias_qF8, membrane_qF: membrane_qF, synapse_qF: synapse_qF,
        spiked: spikes.flags, active: spikes.active, width: width, saturated: 0)
      spikes.count.pointee = silif_step_cuba(kernels, &neurons)
      saturation.add(neurons.saturated)
    }
  }
#endif
