import FixedPoint

/// The resonate-and-fire neuron of the authors' code (DESIGN section 3), one Euler step of dt:
///
///     u = u + dt·((alpha_real + i·alpha_im)·u + I) - s = A·u + dt·I - s     (complex; A = 1 + dt·alpha; dt is in the weights)
///     s = Re(u) > 1
///
/// Unlike C-SiLIF's, its reset is neither halved nor rotated: s of the step before is taken from the new u.
struct RFNeurons {
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
    let one = Int32(1) &<< Int32(truncatingIfNeeded: parameters.stateFractionBits)
    let decayReal = parameters.decay
    let decayImaginary = parameters.second
    let mantissa = parameters.scaleMantissa
    let shift = parameters.scaleShift
    let bias = parameters.bias
    for index in 0..<parameters.paddedOutputs {
      let re = real[index]
      let im = imaginary[index]
      let current = alignedCurrent(sums[index], mantissa[index], shift[index], bias[index])
      // Two products and a current of at most 2^60 each, and a reset of at most 2^54: below 2^62.
      let reset = Int64(Int32(spiked[index]) &* one) &<< 30
      let sumReal = product(decayReal[index], re) &- product(decayImaginary[index], im) &+ current &- reset
      let sumImaginary = product(decayImaginary[index], re) &+ product(decayReal[index], im)
      let newReal = Int32(
        truncatingIfNeeded: saturation.clamp(roundedShift(sumReal, rightBy: 30), limit: StateLimit.state))
      let newImaginary = saturation.clamp(roundedShift(sumImaginary, rightBy: 30), limit: StateLimit.state)
      real[index] = newReal
      imaginary[index] = Int32(truncatingIfNeeded: newImaginary)
      spiked[index] = exceeds(newReal, one)
    }
  }
}
