import FixedPoint

/// The proofs that the step path relies on, checked once at load (docs/ARITHMETIC.md, "Bounds").
extension LayerParameters {
  /// - Parameter inputLimit: largest |x| of one input value: the network's input limit, or 1 for spikes.
  func checkBounds(inputLimit: Int, layer: Int) throws(ModelError) {
    for output in 0..<outputs {
      try checkCurrent(output, inputLimit: inputLimit, layer: layer)
      try checkCoefficients(output, layer: layer)
    }
    for output in outputs..<paddedOutputs { try checkPadding(output, layer: layer) }
    if let delays {
      for index in 0..<delayCount {
        try check(Int64(delays[index]), in: 0...Int64(maximumDelay), "delays", layer)
      }
    }
  }

  private func checkCurrent(_ output: Int, inputLimit: Int, layer: Int) throws(ModelError) {
    var magnitude: Int64 = 0
    for input in 0..<inputs { magnitude += Int64(abs(weight(from: input, to: output))) }
    let sum = magnitude * Int64(inputLimit)
    // Whatever the order and the subset, a sum then stays within Int32.
    try check(sum, in: 0...Int64(Int32.max), "weights", layer)
    let mantissa = Int64(scaleMantissa[output])
    try check(mantissa, in: 0...Int64(Int32.max), "scale_mantissa", layer)
    let shift = Int64(scaleShift[output])
    try check(shift, in: 0...62, "scale_shift", layer)
    // sum·mantissa < 2^62; the current, bias included, must not pass 2^38, so that the shift by 22 ends within 2^60.
    let current = roundedShift(sum * mantissa, rightBy: shift) + abs(Int64(bias[output]))
    try check(current, in: 0...(1 << 38), "scale_mantissa and bias", layer)
  }

  private func checkCoefficients(_ output: Int, layer: Int) throws(ModelError) {
    let one: Int64 = 1 << 30
    switch kind {
    case .siLIF:
      try check(Int64(decay[output]), in: 0...one, "decay", layer)
      try check(Int64(second[output]), in: 0...one, "input_gain", layer)
      try check(Int64(adaptationLeakMantissa[output]), in: 0...one, "adaptation_leak_mantissa", layer)
      try check(Int64(adaptationLeakShift[output]), in: 0...62, "adaptation_leak_shift", layer)
      try check(Int64(subthresholdCoupling[output]), in: -one...one, "subthreshold_coupling", layer)
      let unit: Int64 = 1 << Int64(stateFractionBits)
      try check(Int64(spikeCoupling[output]), in: -4 * unit...4 * unit, "spike_coupling", layer)
    case .cSiLIF, .rf:
      try check(Int64(decay[output]), in: -one...one, "decay", layer)
      try check(Int64(second[output]), in: -one...one, "decay_imaginary", layer)
    case .readout:
      try check(Int64(decay[output]), in: 0...one, "decay", layer)
    }
  }

  /// The neurons beyond `outputs` are stepped with the others. All zero, their states stay zero and they never spike;
  /// if one did, the layer above would read past its last row of weights.
  private func checkPadding(_ output: Int, layer: Int) throws(ModelError) {
    for input in 0..<inputs { try check(Int64(weight(from: input, to: output)), in: 0...0, "weights padding", layer) }
    try check(Int64(scaleMantissa[output]), in: 0...0, "scale_mantissa padding", layer)
    try check(Int64(scaleShift[output]), in: 0...0, "scale_shift padding", layer)
    try check(Int64(bias[output]), in: 0...0, "bias padding", layer)
    try check(Int64(decay[output]), in: 0...0, "decay padding", layer)
    // Where a kind lacks one of these, it is an alias of a table already checked.
    let secondName: StaticString = kind == .siLIF ? "input_gain padding" : "decay_imaginary padding"
    try check(Int64(second[output]), in: 0...0, secondName, layer)
    try check(Int64(adaptationLeakMantissa[output]), in: 0...0, "adaptation_leak_mantissa padding", layer)
    try check(Int64(adaptationLeakShift[output]), in: 0...0, "adaptation_leak_shift padding", layer)
    try check(Int64(subthresholdCoupling[output]), in: 0...0, "subthreshold_coupling padding", layer)
    try check(Int64(spikeCoupling[output]), in: 0...0, "spike_coupling padding", layer)
  }

  private var delayCount: Int {
    switch delayKind {
    case .none: 0
    case .axonal: inputs
    case .dendritic: paddedOutputs
    case .synaptic: inputs * paddedOutputs
    }
  }

  private func check(
    _ value: Int64, in range: ClosedRange<Int64>, _ field: StaticString, _ layer: Int
  ) throws(ModelError) {
    guard range.contains(value) else { throw ModelError(.outOfRange, field, value: value, layer: layer) }
  }
}
