import FixedPoint

/// The resonate-and-fire neuron of the authors' code (docs/NEURONS.md), one Euler step of dt:
///
///     u = u + dt·((alpha_real + i·alpha_im)·u + I) - s = A·u + dt·I - s     (complex; A = 1 + dt·alpha; dt is in the weights)
///     s = Re(u) > 1
///
/// Unlike C-SiLIF's, its reset is neither halved nor rotated: s of the step before is taken from the new u.
///
/// Twins: Sources/CKernels/{plain,avx2,avx512,neon,dsp}.c, tools/silif_tools/kinds/rf.py, docs/ARITHMETIC.md, docs/NEURONS.md
struct RFNeurons: BitwiseCopyable {
  /// A.
  let decay: ComplexDecay
  let stateFractionBits: Int
  /// u.
  let state: ComplexState
  /// s.
  let spikes: Spikes

  /// Its tables.
  static func decay(reading reader: inout TableReader) throws(ModelError) -> ComplexDecay {
    // The reset is taken from the current too: with three quarters of u kept, u settles at 2.
    try ComplexDecay(reading: &reader, settled_q30: 3 << 28)
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
    let one_qF = Int32(1) &<< Int32(truncatingIfNeeded: stateFractionBits)
    let (decayReal_q30, decayImaginary_q30) = (decay.real_q30, decay.imaginary_q30)
    let (sums, mantissa) = (currents.sums, currents.scale.mantissa)
    let (shift, bias_qF8) = (currents.scale.shift, currents.scale.bias_qF8)
    let (real_qF, imaginary_qF, flags) = (state.real_qF, state.imaginary_qF, spikes.flags)
    for index in 0..<state.width {
      let current = alignedCurrent_qF30(sums[index], mantissa[index], shift[index], bias_qF8[index])
      // Two products and a current of at most 2^60 each, and a reset of at most 2^54: below 2^62.
      let reset = wide(Int32(flags[index]) &* one_qF) &<< 30
      let turned = rotated_qF30(
        decayReal_q30[index], decayImaginary_q30[index], real_qF[index], imaginary_qF[index])
      let newReal = saturation.clamp(state: roundedShift(turned.real &+ current &- reset, rightBy: 30))
      let newImaginary = saturation.clamp(state: roundedShift(turned.imaginary, rightBy: 30))
      real_qF[index] = newReal
      imaginary_qF[index] = newImaginary
      flags[index] = exceeds(newReal, one_qF)
    }
    spikes.list()
  }
}
