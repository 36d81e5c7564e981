import FixedPoint

/// The SiLIF neuron (arXiv 2506.06374; DESIGN section 3), in the order of the authors' code:
///
///     w = be·w + a·u + b·s                (with the old u and s)
///     u = al·(u - s) + (1 - al)·(I - w)   (with the new w)
///     s = u > 1
///
/// `be` comes as its complement with an exponent of its own, `1 - be = mantissa · 2^-(30 + shift)`, and w keeps 30 more
/// fractional bits than u, because the published networks decay by as little as 5e-9 a step: in Q15 that is a pure
/// integrator, and in a 16-bit fraction w would stop decaying below |w| = 10^4.
struct SiLIFNeurons {
  /// Membrane potential u, F fractional bits, |u| <= 2^30.
  let membrane: UnsafeMutablePointer<Int32>
  /// Adaptation w, F + 30 fractional bits, |w| <= 2^60.
  let adaptation: UnsafeMutablePointer<Int64>

  init(width: Int, arena: inout Arena) {
    membrane = arena.reserve(Int32.self, width)
    adaptation = arena.reserve(Int64.self, width)
  }

  @_noAllocation @_noLocks
  func reset(_ width: Int) {
    for index in 0..<width { membrane[index] = 0 }
    for index in 0..<width { adaptation[index] = 0 }
  }

  /// One step. `spiked` holds s of the step before (0 or 1) and receives the new one.
  @_noAllocation @_noLocks
  func step(
    sums: UnsafePointer<Int32>, spiked: UnsafeMutablePointer<UInt8>, parameters: borrowing LayerParameters,
    saturation: SaturationCounter
  ) {
    let one = Int32(1) &<< Int32(truncatingIfNeeded: parameters.stateFractionBits)
    let decay = parameters.decay
    let inputGain = parameters.second
    let leakMantissa = parameters.adaptationLeakMantissa
    let leakShift = parameters.adaptationLeakShift
    let subthreshold = parameters.subthresholdCoupling
    let spikeCoupling = parameters.spikeCoupling
    let mantissa = parameters.scaleMantissa
    let shift = parameters.scaleShift
    let bias = parameters.bias
    for index in 0..<parameters.paddedOutputs {
      let u = membrane[index]
      let s = Int32(spiked[index])
      let w = adaptation[index]
      // |leak| <= 2^60, |a·u| <= 2^60, |b·s| <= 2^(F+2+30) <= 2^56 for F <= 24: with |w| <= 2^60 the sum is below 2^62.
      let leak = roundedShift(product(leakMantissa[index], upper(w)), rightByVariable: leakShift[index])
      let spikeTerm = Int64(spikeCoupling[index] &* s) &<< 30
      let newW = saturation.clamp(
        w &- leak &+ product(subthreshold[index], u) &+ spikeTerm, limit: StateLimit.adaptation)
      // Three terms of at most 2^60 + 2^54, 2^60 and 2^60.
      let current = alignedCurrent(sums[index], mantissa[index], shift[index], bias[index])
      let sum =
        product(decay[index], u &- s &* one) &- product(inputGain[index], upper(newW)) &+ current
      let newU = Int32(truncatingIfNeeded: saturation.clamp(roundedShift(sum, rightBy: 30), limit: StateLimit.state))
      adaptation[index] = newW
      membrane[index] = newU
      spiked[index] = exceeds(newU, one)
    }
  }

  /// w with F fractional bits. |w| <= 2^60, so the result is within ±2^30.
  @inline(__always)
  private func upper(_ w: Int64) -> Int32 {
    Int32(truncatingIfNeeded: roundedShift(w, rightBy: 30))
  }
}
