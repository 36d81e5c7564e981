import FixedPoint

/// The C-SiLIF neuron (arXiv 2506.06374; DESIGN section 3):
///
///     u = A·(u - s/2) + b·I     (complex; the reset acts on the real part, before the rotation; b is in the weights)
///     s = 2·Re(u) > 1
struct CSiLIFNeurons {
  /// Re u and Im u, F fractional bits, within ±2^30.
  let real: UnsafeMutablePointer<Int32>
  let imaginary: UnsafeMutablePointer<Int32>

  init(width: Int, arena: inout Arena) {
    real = arena.reserve(Int32.self, width)
    imaginary = arena.reserve(Int32.self, width)
  }

  @_noAllocation @_noLocks
  func reset(_ width: Int) {
    for index in 0..<width { real[index] = 0 }
    for index in 0..<width { imaginary[index] = 0 }
  }

  /// One step. `spiked` holds s of the step before (0 or 1) and receives the new one.
  @_noAllocation @_noLocks
  func step(
    sums: UnsafePointer<Int32>, spiked: UnsafeMutablePointer<UInt8>, parameters: borrowing LayerParameters,
    saturation: SaturationCounter
  ) {
    let half = Int32(1) &<< Int32(truncatingIfNeeded: parameters.stateFractionBits &- 1)
    let decayReal = parameters.decay
    let decayImaginary = parameters.second
    let mantissa = parameters.scaleMantissa
    let shift = parameters.scaleShift
    let bias = parameters.bias
    for index in 0..<parameters.paddedOutputs {
      // |Re| <= 2^30 + 2^23, so every product stays below 2^61 and the sum of two and a current below 2^62.
      let re = real[index] &- Int32(spiked[index]) &* half
      let im = imaginary[index]
      let current = alignedCurrent(sums[index], mantissa[index], shift[index], bias[index])
      let sumReal = product(decayReal[index], re) &- product(decayImaginary[index], im) &+ current
      let sumImaginary = product(decayImaginary[index], re) &+ product(decayReal[index], im)
      let newReal = Int32(
        truncatingIfNeeded: saturation.clamp(roundedShift(sumReal, rightBy: 30), limit: StateLimit.state))
      let newImaginary = saturation.clamp(roundedShift(sumImaginary, rightBy: 30), limit: StateLimit.state)
      real[index] = newReal
      imaginary[index] = Int32(truncatingIfNeeded: newImaginary)
      spiked[index] = exceeds(newReal, half)
    }
  }
}
