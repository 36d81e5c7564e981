import FixedPoint

/// Current-based leaky integrate and fire (docs/NEURONS.md): a synapse i before the membrane u, and a reset of any sort:
///
///     i = be·i + I
///     u = (s ? d·u + o : al·u) + (s and k = 0 ? 0 : i) + c
///     s = u > threshold
///
/// The synapse's complete sum reaches the membrane, and only what is kept of it is rounded: with be = 0 there is no synapse.
///
/// Twins: Sources/CKernels/{plain,avx2}.c, tools/silif_tools/kinds/cuba.py, docs/ARITHMETIC.md, docs/NEURONS.md
struct CUBANeurons: BitwiseCopyable {
  let tables: CUBATables
  let width: Int
  /// Membrane potential u, |u| <= 2^30.
  let membrane_qF: UnsafeMutablePointer<Int32>
  /// Synapse i, |i| <= 2^30.
  let synapse_qF: UnsafeMutablePointer<Int32>
  /// s.
  let spikes: Spikes

  init(_ tables: CUBATables, header: LayerHeader, spikes: Spikes, arena: inout Arena) {
    self.tables = tables
    self.spikes = spikes
    width = header.paddedOutputs
    membrane_qF = arena.reserve(Int32.self, width)
    synapse_qF = arena.reserve(Int32.self, width)
  }

  @_noAllocation @_noLocks
  func reset() {
    for index in 0..<width { membrane_qF[index] = 0 }
    for index in 0..<width { synapse_qF[index] = 0 }
  }

  /// One step; `spikes` hold s of the step before and receive the new one.
  @_noAllocation @_noLocks
  func step(_ currents: Currents, saturation: SaturationCounter) {
    let (decay_q30, spikeDecay_q30) = (tables.decay_q30, tables.spikeDecay_q30)
    let (spikeOffset_qF, inputAfterSpike) = (tables.spikeOffset_qF, tables.inputAfterSpike)
    let (threshold_qF, membraneBias_qF8) = (tables.threshold_qF, tables.membraneBias_qF8)
    let synapseDecay_q30 = tables.synapseDecay_q30
    let (membrane_qF, synapse_qF, flags) = (membrane_qF, synapse_qF, spikes.flags)
    let (sums, scale) = (currents.sums, currents.scale)
    for index in 0..<width {
      // All bits where the neuron fired, else none: spikes are what a branch predictor cannot foresee.
      let fired = 0 &- Int32(flags[index])
      let dropped = fired & (Int32(inputAfterSpike[index]) &- 1)
      let decay = decay_q30[index] ^ (fired & (decay_q30[index] ^ spikeDecay_q30[index]))
      let current = alignedCurrent_qF30(sums[index], scale.mantissa[index], scale.shift[index], scale.bias_qF8[index])
      // At most 2^60 + 2^60.
      let synapse = product(synapseDecay_q30[index], synapse_qF[index]) &+ current
      // With it at most 2^60 + 2^59 + 2^61 + 2^53: below 2^62.
      let kept = product(decay, membrane_qF[index]) &+ wide(fired & spikeOffset_qF[index]) &<< 30
      let sum = kept &+ (synapse & ~wide(dropped)) &+ wide(membraneBias_qF8[index]) &<< 22
      let newI = saturation.clamp(state: roundedShift(synapse, rightBy: 30))
      let newU = saturation.clamp(state: roundedShift(sum, rightBy: 30))
      synapse_qF[index] = newI
      membrane_qF[index] = newU
      flags[index] = exceeds(newU, threshold_qF[index])
    }
    spikes.list()
  }
}
