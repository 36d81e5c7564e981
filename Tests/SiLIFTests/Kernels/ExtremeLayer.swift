@testable import SiLIF

/// A layer whose coefficients lie anywhere within their bounds, and often on them, with sums to go with it.
final class ExtremeLayer {
  let parameters: LayerParameters
  /// The largest |sum| of each neuron that keeps its current within ±2^38.
  private let sumLimits: [Int64]
  private let section: AlignedBytes

  init(_ kind: NeuronKind, width: Int, fractionBits: Int, random: inout SplitMix64) throws {
    var limits: [Int64] = []
    var mantissas: [Int32] = []
    var shifts: [UInt8] = []
    var biases: [Int32] = []
    for _ in 0..<width {
      let mantissa = Int64.random(in: 0...Int64(Int32.max), using: &random)
      let shift = UInt8.random(in: 0...62, using: &random)
      let largest = Double(sign: .plus, exponent: 37 + Int(shift), significand: 1) / Double(max(mantissa, 1))
      limits.append(Int64(min(largest, Double(Int32.max))))
      mantissas.append(Int32(mantissa))
      shifts.append(shift)
      biases.append(Int32.random(in: .min + 1 ... .max, using: &random))
    }
    let one: Int32 = 1 << 30
    let isComplex = kind == .cSiLIF || kind == .rf
    func coefficients(_ least: Int32, _ greatest: Int32) -> [Int32] {
      (0..<width).map { _ in
        switch Int.random(in: 0..<4, using: &random) {
        case 0: least
        case 1: greatest
        default: Int32.random(in: least...greatest, using: &random)
        }
      }
    }
    var builder = SectionBuilder()
    builder.append([kind.rawValue, 0, 0, 8, 1, UInt16(width), 0, UInt16(fractionBits)])
    builder.append([UInt64](repeating: 0, count: 2))
    builder.appendTable([Int8](repeating: 0, count: width))
    builder.appendTable(mantissas)
    builder.appendTable(shifts)
    builder.appendTable(biases)
    builder.appendTable(coefficients(isComplex ? -one : 0, one))
    if isComplex { builder.appendTable(coefficients(-one, one)) }
    if kind == .siLIF {
      builder.appendTable(coefficients(0, one))
      builder.appendTable(coefficients(0, one))
      builder.appendTable((0..<width).map { _ in UInt8.random(in: 0...62, using: &random) })
      builder.appendTable(coefficients(-one, one))
      builder.appendTable(coefficients(-4 << Int32(fractionBits), 4 << Int32(fractionBits)))
    }
    section = AlignedBytes(builder.bytes)
    parameters = try LayerParameters(section: section.readOnly, layer: 0)
    try parameters.checkBounds(inputLimit: 1, layer: 0)
    sumLimits = limits
  }

  /// Sums within their limits, in some rounds all at one end.
  func sums(round: Int, random: inout SplitMix64) -> Scratch<Int32> {
    Scratch(
      sumLimits.map { limit in
        switch round % 8 {
        case 0: Int32(limit)
        case 1: Int32(-limit)
        case 2: 0
        case 3: Int32.random(in: -3...3, using: &random) * (limit >= 3 ? 1 : 0)
        default: Int32(Int64.random(in: -limit...limit, using: &random))
        }
      })
  }
}

/// Neurons of one kind with memory of their own.
struct NeuronMemory<Neurons> {
  let neurons: Neurons
  let spiked: Scratch<UInt8>
  let active: Scratch<UInt16>
  let counter = FreeCounter()
  private let memory: AlignedBytes

  init(width: Int, _ make: (inout Arena) -> Neurons) {
    var sizes = Arena()
    _ = make(&sizes)
    memory = AlignedBytes(count: sizes.usedBytes)
    var arena = Arena(memory: memory.bytes)
    neurons = make(&arena)
    spiked = Scratch(count: width)
    active = Scratch(count: width)
  }

  /// The neurons that fired, as the Swift network lists them.
  var listed: [UInt16] { spiked.values.indices.filter { spiked.values[$0] == 1 }.map { UInt16($0) } }
}
