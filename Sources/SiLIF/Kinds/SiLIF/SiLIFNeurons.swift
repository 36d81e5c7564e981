import FixedPoint

/// The SiLIF neuron (arXiv 2506.06374; docs/NEURONS.md), in the order of the authors' code:
///
///     w = be·w + a·u + b·s                (with the old u and s)
///     u = al·(u - s) + (1 - al)·(I - w)   (with the new w)
///     s = u > 1
///
/// `be` comes as its complement with an exponent of its own, `1 - be = mantissa · 2^-(30 + shift)`, and w keeps 30 more
/// fractional bits than u, because the published networks decay by as little as 5e-9 a step: in Q15 that is a pure
/// integrator, and in a 16-bit fraction w would stop decaying below |w| = 10^4.
///
/// Twins: Sources/CKernels/{plain,avx2,avx512,neon,dsp}.c, tools/silif_tools/kinds/silif.py, docs/ARITHMETIC.md, docs/NEURONS.md
struct SiLIFNeurons: BitwiseCopyable {
  let tables: SiLIFTables
  let width: Int
  let stateFractionBits: Int
  /// Membrane potential u, |u| <= 2^30.
  let membrane_qF: UnsafeMutablePointer<Int32>
  /// Adaptation w, F + 30 fractional bits, |w| <= 2^60.
  let adaptation_qF30: UnsafeMutablePointer<Int64>
  /// s.
  let spikes: Spikes

  init(_ tables: SiLIFTables, header: LayerHeader, spikes: Spikes, arena: inout Arena) {
    self.tables = tables
    self.spikes = spikes
    width = header.paddedOutputs
    stateFractionBits = header.stateFractionBits
    membrane_qF = arena.reserve(Int32.self, width)
    adaptation_qF30 = arena.reserve(Int64.self, width)
  }

  @_noAllocation @_noLocks
  func reset() {
    for index in 0..<width { membrane_qF[index] = 0 }
    for index in 0..<width { adaptation_qF30[index] = 0 }
  }

  /// One step; `spikes` hold s of the step before and receive the new one.
  @_noAllocation @_noLocks
  func step(_ currents: Currents, saturation: SaturationCounter) {
    let one_qF = Int32(1) &<< Int32(truncatingIfNeeded: stateFractionBits)
    let decay_q30 = tables.decay_q30
    let inputGain_q30 = tables.inputGain_q30
    let leakMantissa = tables.leakMantissa
    let leakShift = tables.leakShift
    let subthreshold_q30 = tables.subthresholdCoupling_q30
    let spikeCoupling_qF = tables.spikeCoupling_qF
    let (sums, mantissa) = (currents.sums, currents.scale.mantissa)
    let (shift, bias_qF8) = (currents.scale.shift, currents.scale.bias_qF8)
    let (membrane_qF, adaptation_qF30, flags) = (membrane_qF, adaptation_qF30, spikes.flags)
    for index in 0..<width {
      let u = membrane_qF[index]
      let s = Int32(flags[index])
      let w = adaptation_qF30[index]
      // |leak| <= 2^60, |a·u| <= 2^60, |b·s| <= 2^(F+2+30) <= 2^56 for F <= 24: with |w| <= 2^60 the sum is below 2^62.
      let leak = roundedShift(product(leakMantissa[index], upper(w)), rightByVariable: leakShift[index])
      let spikeTerm = wide(spikeCoupling_qF[index] &* s) &<< 30
      let newW = saturation.clamp(
        w &- leak &+ product(subthreshold_q30[index], u) &+ spikeTerm, limit: StateLimit.adaptation)
      // Three terms of at most 2^60 + 2^54, 2^60 and 2^60.
      let current = alignedCurrent_qF30(sums[index], mantissa[index], shift[index], bias_qF8[index])
      let sum =
        product(decay_q30[index], u &- s &* one_qF) &- product(inputGain_q30[index], upper(newW)) &+ current
      let newU = saturation.clamp(state: roundedShift(sum, rightBy: 30))
      adaptation_qF30[index] = newW
      membrane_qF[index] = newU
      flags[index] = exceeds(newU, one_qF)
    }
    spikes.list()
  }

  /// w with F fractional bits. |w| <= 2^60, so the result is within ±2^30.
  @inline(__always)
  private func upper(_ w: Int64) -> Int32 {
    Int32(truncatingIfNeeded: roundedShift(w, rightBy: 30))
  }
}
