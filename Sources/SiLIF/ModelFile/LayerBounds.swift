/// The proofs that the step path relies on, checked once at load (docs/ARITHMETIC.md, "Bounds").
extension LayerParameters {
  /// - Parameter inputLimit: largest |x| of one input value: the network's input limit, or 1 for spikes.
  func checkBounds(inputLimit: Int, layer: Int) throws(ModelError) {
    let one: Int64 = 1 << 30
    for output in 0..<paddedOutputs {
      func check(
        _ value: Int64, in range: ClosedRange<Int64>, _ field: StaticString
      ) throws(ModelError) {
        guard range.contains(value) else { throw ModelError(.outOfRange, field, value: value, layer: layer) }
      }
      var magnitude: Int64 = 0
      for input in 0..<inputs { magnitude += Int64(abs(weight(from: input, to: output))) }
      let sum = magnitude * Int64(inputLimit)
      // Whatever the order and the subset, a sum then stays within Int32.
      try check(sum, in: 0...Int64(Int32.max), "weights")
      let mantissa = Int64(scaleMantissa[output])
      try check(mantissa, in: 0...Int64(Int32.max), "scale_mantissa")
      let shift = Int64(scaleShift[output])
      try check(shift, in: 0...62, "scale_shift")
      // sum·mantissa < 2^62; the current, bias included, must stay below 2^38 so that the shift by 22 ends below 2^60.
      let current = roundedShift(sum * mantissa, rightBy: shift) + abs(Int64(bias[output]))
      try check(current, in: 0...(1 << 38), "scale_mantissa and bias")

      switch kind {
      case .siLIF:
        try check(Int64(decay[output]), in: 0...one, "decay")
        try check(Int64(second[output]), in: 0...one, "input_gain")
        try check(Int64(adaptationLeakMantissa[output]), in: 0...one, "adaptation_leak_mantissa")
        try check(Int64(adaptationLeakShift[output]), in: 0...62, "adaptation_leak_shift")
        try check(Int64(subthresholdCoupling[output]), in: -one...one, "subthreshold_coupling")
        let unit: Int64 = 1 << Int64(stateFractionBits)
        try check(Int64(spikeCoupling[output]), in: -4 * unit...4 * unit, "spike_coupling")
      case .cSiLIF:
        try check(Int64(decay[output]), in: -one...one, "decay")
        try check(Int64(second[output]), in: -one...one, "decay_imaginary")
      case .readout:
        try check(Int64(decay[output]), in: 0...one, "decay")
      }
    }
    if let delays {
      let count: Int
      switch delayKind {
      case .none: count = 0
      case .axonal: count = inputs
      case .dendritic: count = paddedOutputs
      case .synaptic: count = inputs * paddedOutputs
      }
      for index in 0..<count where Int(delays[index]) > maximumDelay {
        throw ModelError(.outOfRange, "delays", value: Int64(delays[index]), layer: layer)
      }
    }
  }
}
