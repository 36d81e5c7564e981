/// Hard caps on every count in a model file: nothing absurd is ever multiplied or reserved.
enum LayerLimits {
  static let layers = 16
  static let neurons = 4096
  static let classes = 256
  static let delay = 255
  static let stateFractionBits = 8...24
}

/// The equations of a layer (DESIGN section 3). adLIF and cAdLIF are SiLIF once their decays are resolved.
public enum NeuronKind: UInt16, Sendable, BitwiseCopyable {
  case siLIF = 1
  case cSiLIF = 2
  case readout = 3
  /// Resonate and fire.
  case rf = 4
}

/// What a layer reads.
public enum LayerSource: UInt16, Sendable, BitwiseCopyable {
  /// The network's real-valued input frame.
  case dense = 0
  /// The spikes of the layer below.
  case spikes = 1
}

/// Where a learned delay sits (DESIGN section 5).
public enum DelayKind: UInt16, Sendable, BitwiseCopyable {
  case none = 0
  /// One delay per presynaptic neuron.
  case axonal = 1
  /// One delay per postsynaptic neuron.
  case dendritic = 2
  /// One delay per weight.
  case synaptic = 3
}

/// One LAYR section, validated; the tables are used in place and have `paddedOutputs` elements per row.
public struct LayerParameters: BitwiseCopyable {
  public let kind: NeuronKind
  public let source: LayerSource
  public let delayKind: DelayKind
  /// 4, 8 or 16.
  public let weightBits: Int
  public let inputs: Int
  public let outputs: Int
  /// Outputs rounded up to a multiple of 16: the row stride, so that every row starts aligned and loops need no tail.
  /// The padding neurons have zero weights and coefficients (checked at load) and so never spike.
  public let paddedOutputs: Int
  /// Largest delay in steps, 0...255.
  public let maximumDelay: Int
  /// Fractional bits F of the states.
  public let stateFractionBits: Int

  /// [inputs][paddedOutputs], nibbles (NibbleRow), Int8 or Int16: one row per presynaptic neuron.
  let weights: UnsafeRawPointer
  /// [paddedOutputs]: row scale mantissa; a complete sum times this, shifted right by `scaleShift`, is a current
  /// with F + 8 fractional bits.
  let scaleMantissa: UnsafePointer<Int32>
  let scaleShift: UnsafePointer<UInt8>
  /// [paddedOutputs], F + 8 fractional bits.
  let bias: UnsafePointer<Int32>
  /// Axonal [inputs], dendritic [paddedOutputs], synaptic [inputs][paddedOutputs], in steps.
  let delays: UnsafePointer<UInt8>?

  /// SiLIF al, C-SiLIF and RF Re A, readout al; Q30.
  let decay: UnsafePointer<Int32>
  /// SiLIF 1 - al, C-SiLIF and RF Im A; Q30. Readout: same table as `decay`, unused.
  let second: UnsafePointer<Int32>
  /// SiLIF only: 1 - be = mantissa · 2^-(30 + shift).
  let adaptationLeakMantissa: UnsafePointer<Int32>
  let adaptationLeakShift: UnsafePointer<UInt8>
  /// SiLIF only: a in Q30 and b with F fractional bits.
  let subthresholdCoupling: UnsafePointer<Int32>
  let spikeCoupling: UnsafePointer<Int32>

  static let headerBytes = 32

  init(section: UnsafeRawBufferPointer, layer: Int) throws(ModelError) {
    var reader = ByteReader(section, layer: layer)
    kind = try LayerParameters.choice(reader.read(UInt16.self, "kind"), "kind", layer)
    source = try LayerParameters.choice(reader.read(UInt16.self, "source"), "source", layer)
    delayKind = try LayerParameters.choice(reader.read(UInt16.self, "delay_kind"), "delay_kind", layer)
    weightBits = try reader.read(UInt16.self, "weight_bits", in: 4...16)
    guard weightBits == 4 || weightBits == 8 || weightBits == 16 else {
      throw ModelError(.outOfRange, "weight_bits", value: Int64(weightBits), layer: layer)
    }
    inputs = try reader.read(UInt16.self, "inputs", in: 1...LayerLimits.neurons)
    outputs = try reader.read(UInt16.self, "outputs", in: 1...LayerLimits.neurons)
    maximumDelay = try reader.read(UInt16.self, "maximum_delay", in: 0...LayerLimits.delay)
    guard delayKind != .none || maximumDelay == 0 else {
      throw ModelError(.inconsistent, "maximum_delay", value: Int64(maximumDelay), layer: layer)
    }
    stateFractionBits = try reader.read(UInt16.self, "state_fraction_bits", in: LayerLimits.stateFractionBits)
    try reader.skip(LayerParameters.headerBytes - reader.position, "reserved")
    paddedOutputs = (outputs + 15) / 16 * 16

    if weightBits == 4 {
      weights = UnsafeRawPointer(try reader.readTable(UInt8.self, count: inputs * (paddedOutputs / 2), "weights"))
    } else if weightBits == 8 {
      weights = UnsafeRawPointer(try reader.readTable(Int8.self, count: inputs * paddedOutputs, "weights"))
    } else {
      weights = UnsafeRawPointer(try reader.readTable(Int16.self, count: inputs * paddedOutputs, "weights"))
    }
    scaleMantissa = try reader.readTable(Int32.self, count: paddedOutputs, "scale_mantissa")
    scaleShift = try reader.readTable(UInt8.self, count: paddedOutputs, "scale_shift")
    bias = try reader.readTable(Int32.self, count: paddedOutputs, "bias")
    switch delayKind {
    case .none: delays = nil
    case .axonal: delays = try reader.readTable(UInt8.self, count: inputs, "delays")
    case .dendritic: delays = try reader.readTable(UInt8.self, count: paddedOutputs, "delays")
    case .synaptic: delays = try reader.readTable(UInt8.self, count: inputs * paddedOutputs, "delays")
    }
    decay = try reader.readTable(Int32.self, count: paddedOutputs, "decay")
    switch kind {
    case .siLIF:
      second = try reader.readTable(Int32.self, count: paddedOutputs, "input_gain")
      adaptationLeakMantissa = try reader.readTable(Int32.self, count: paddedOutputs, "adaptation_leak_mantissa")
      adaptationLeakShift = try reader.readTable(UInt8.self, count: paddedOutputs, "adaptation_leak_shift")
      subthresholdCoupling = try reader.readTable(Int32.self, count: paddedOutputs, "subthreshold_coupling")
      spikeCoupling = try reader.readTable(Int32.self, count: paddedOutputs, "spike_coupling")
    case .cSiLIF, .rf:
      second = try reader.readTable(Int32.self, count: paddedOutputs, "decay_imaginary")
      (adaptationLeakMantissa, adaptationLeakShift) = (decay, scaleShift)
      (subthresholdCoupling, spikeCoupling) = (decay, decay)
    case .readout:
      (second, adaptationLeakMantissa, adaptationLeakShift) = (decay, decay, scaleShift)
      (subthresholdCoupling, spikeCoupling) = (decay, decay)
    }
    guard reader.remaining < SectionTable.alignment else {
      throw ModelError(.inconsistent, "LAYR length", value: Int64(section.count), layer: layer)
    }
  }

  private static func choice<Choice: RawRepresentable>(
    _ raw: UInt16, _ field: StaticString, _ layer: Int
  ) throws(ModelError) -> Choice where Choice.RawValue == UInt16 {
    guard let choice = Choice(rawValue: raw) else {
      throw ModelError(.outOfRange, field, value: Int64(raw), layer: layer)
    }
    return choice
  }

  /// The weight from presynaptic neuron `input` to `output`.
  func weight(from input: Int, to output: Int) -> Int32 {
    if weightBits == 4 { return Int32(NibbleRow(input, of: self).weight(output)) }
    let index = input * paddedOutputs + output
    return weightBits == 8
      ? Int32(weights.assumingMemoryBound(to: Int8.self)[index])
      : Int32(weights.assumingMemoryBound(to: Int16.self)[index])
  }
}
