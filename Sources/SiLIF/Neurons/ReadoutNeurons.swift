import FixedPoint

/// The readout (DESIGN section 3): `u = al·u + (1 - al)·I`, non-spiking; (1 - al) is in the weights.
struct ReadoutNeurons {
  /// Membrane potential u, F fractional bits, |u| <= 2^30.
  let membrane: UnsafeMutablePointer<Int32>

  init(width: Int, arena: inout Arena) {
    membrane = arena.reserve(Int32.self, width)
  }

  @_noAllocation @_noLocks
  func reset(_ width: Int) {
    for index in 0..<width { membrane[index] = 0 }
  }

  @_noAllocation @_noLocks
  func step(sums: UnsafePointer<Int32>, parameters: borrowing LayerParameters, saturation: SaturationCounter) {
    for index in 0..<parameters.paddedOutputs {
      let current = alignedCurrent(
        sums[index], parameters.scaleMantissa[index], parameters.scaleShift[index], parameters.bias[index])
      // At most 2^60 + 2^60.
      let sum = product(parameters.decay[index], membrane[index]) &+ current
      membrane[index] = Int32(
        truncatingIfNeeded: saturation.clamp(roundedShift(sum, rightBy: 30), limit: StateLimit.state))
    }
  }
}
