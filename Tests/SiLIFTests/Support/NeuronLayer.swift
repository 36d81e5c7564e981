@testable import SiLIF

/// A layer of 16 neurons with given coefficients and no input: for tests of what a neuron does when left alone.
final class NeuronLayer {
  static let width = 16
  let parameters: LayerParameters
  private let section: AlignedBytes

  /// - Parameters:
  ///   - leak: 1 - be = mantissa · 2^-(30 + shift).
  static func siLIF(leak: [(mantissa: Int32, shift: UInt8)]) throws -> NeuronLayer {
    let zeros = [Int32](repeating: 0, count: width)
    return try NeuronLayer(.siLIF) { builder in
      builder.appendTable(zeros)  // decay
      builder.appendTable(zeros)  // input_gain
      builder.appendTable(leak.map(\.mantissa))
      builder.appendTable(leak.map(\.shift))
      builder.appendTable(zeros)  // subthreshold_coupling
      builder.appendTable(zeros)  // spike_coupling
    }
  }

  static func cSiLIF(decay: [(real: Int32, imaginary: Int32)]) throws -> NeuronLayer {
    try NeuronLayer(.cSiLIF) { builder in
      builder.appendTable(decay.map(\.real))
      builder.appendTable(decay.map(\.imaginary))
    }
  }

  static func rf(decay: [(real: Int32, imaginary: Int32)], bias: Int32 = 0) throws -> NeuronLayer {
    try NeuronLayer(.rf, bias: bias) { builder in
      builder.appendTable(decay.map(\.real))
      builder.appendTable(decay.map(\.imaginary))
    }
  }

  private init(_ kind: NeuronKind, bias: Int32 = 0, _ appendCoefficients: (inout SectionBuilder) -> Void) throws {
    var builder = SectionBuilder()
    builder.append([kind.rawValue, 0, 0, 8, 1, UInt16(NeuronLayer.width), 0, 16])
    builder.append([UInt64](repeating: 0, count: 2))
    builder.appendTable([Int8](repeating: 0, count: NeuronLayer.width))  // weights
    builder.appendTable([Int32](repeating: 0, count: NeuronLayer.width))  // scale_mantissa
    builder.appendTable([UInt8](repeating: 0, count: NeuronLayer.width))  // scale_shift
    builder.appendTable([Int32](repeating: bias, count: NeuronLayer.width))  // bias
    appendCoefficients(&builder)
    section = AlignedBytes(builder.bytes)
    parameters = try LayerParameters(section: section.readOnly, layer: 0)
    try parameters.checkBounds(inputLimit: 1, layer: 0)
  }
}

/// A counter for neurons that are stepped outside a network.
final class FreeCounter {
  private let count = Scratch<UInt64>(count: 1)

  var saturation: SaturationCounter {
    #if DEBUG
      SaturationCounter(count: count.pointer)
    #else
      SaturationCounter()
    #endif
  }

  var saturations: UInt64 { count.values[0] }
}
