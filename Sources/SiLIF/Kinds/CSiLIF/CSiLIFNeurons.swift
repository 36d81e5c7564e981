import FixedPoint

/// The C-SiLIF neuron (arXiv 2506.06374; docs/NEURONS.md):
///
///     u = A·(u - s/2) + b·I     (complex; the reset acts on the real part, before the rotation; b is in the weights)
///     s = 2·Re(u) > 1
///
/// Twins: Sources/CKernels/{plain,avx2,avx512,neon,dsp}.c, tools/silif_tools/kinds/csilif.py, docs/ARITHMETIC.md, docs/NEURONS.md
struct CSiLIFNeurons: BitwiseCopyable {
  /// A.
  let decay: ComplexDecay
  let stateFractionBits: Int
  /// u.
  let state: ComplexState
  /// s.
  let spikes: Spikes

  /// Its tables.
  static func decay(reading reader: inout TableReader) throws(ModelError) -> ComplexDecay {
    try ComplexDecay(reading: &reader, settled_q30: 0)
  }

  init(_ decay: ComplexDecay, header: LayerHeader, spikes: Spikes, arena: inout Arena) {
    self.decay = decay
    self.spikes = spikes
    stateFractionBits = header.stateFractionBits
    state = ComplexState(width: header.paddedOutputs, arena: &arena)
  }

  /// One step; `spikes` hold s of the step before and receive the new one.
  @_noAllocation @_noLocks
  func step(_ currents: Currents, saturation: SaturationCounter) {
    let half_qF = Int32(1) &<< Int32(truncatingIfNeeded: stateFractionBits &- 1)
    let (decayReal_q30, decayImaginary_q30) = (decay.real_q30, decay.imaginary_q30)
    let (sums, mantissa) = (currents.sums, currents.scale.mantissa)
    let (shift, bias_qF8) = (currents.scale.shift, currents.scale.bias_qF8)
    let (real_qF, imaginary_qF, flags) = (state.real_qF, state.imaginary_qF, spikes.flags)
    for index in 0..<state.width {
      // |Re| <= 2^30 + 2^23, so every product stays below 2^61 and the sum of two and a current below 2^62.
      let re = real_qF[index] &- Int32(flags[index]) &* half_qF
      let current = alignedCurrent_qF30(sums[index], mantissa[index], shift[index], bias_qF8[index])
      let turned = rotated_qF30(decayReal_q30[index], decayImaginary_q30[index], re, imaginary_qF[index])
      let newReal = saturation.clamp(state: roundedShift(turned.real &+ current, rightBy: 30))
      let newImaginary = saturation.clamp(state: roundedShift(turned.imaginary, rightBy: 30))
      real_qF[index] = newReal
      imaginary_qF[index] = newImaginary
      flags[index] = exceeds(newReal, half_qF)
    }
    spikes.list()
  }
}
