import Foundation
import Kernels
import Testing

@testable import SiLIF

/// The state spaces of blocks against their equation, and what tells a GLU block.
@Suite struct StateSpaceTests {
  private static let unit = 0x1p16

  private func section(
    _ decay: (real: Double, imaginary: Double), gain: Double, kind: NeuronKind = .s4dGLU
  ) -> LayerSection {
    let header = LayerHeader(kind: kind, source: .stream, inputs: 16, outputs: 16, statePairs: 1)
    var section = LayerSection(header)
    let parts = [decay.real, decay.imaginary].map { Int64(($0 * 0x1p30).rounded()) }
    section.fill("pair_decay", (0..<16).flatMap { _ in parts })
    section.fill("pair_gain", .init(repeating: Int64(gain * 0x1p30), count: 16))
    return section
  }

  /// Free decay over 10^6 steps against |A|^n in Double. Without a phase a state stops where it loses less than half a unit a
  /// step; turning, rounding errors average out.
  @Test(arguments: [1 - 5e-4, 1 - 2.5e-3, 1 - 1e-2])
  func statesDecayAsTheirPower(_ radius: Double) throws {
    for phase in [0, 0.1, 1.0, 2.5] {
      let layer = try LoneLayer(
        section((radius * cos(phase), radius * sin(phase)), gain: 0), inputLimit: 1, kernels: .swift)
      let space = try #require(layer.layer.neurons.stateSpace)
      let states = space.states_qF
      states[0] = Int32(100 * Self.unit)
      var largest = 0.0
      for step in 1...1_000_000 {
        _ = space.step(channel: 0, 0, saturation: layer.counter.saturation)
        guard step % 50 == 1 else { continue }
        let size = hypot(Double(states[0]), Double(states[1])) / Self.unit
        largest = max(largest, abs(size - 100 * pow(radius, Double(step))))
      }
      let stop = 0x1p-17 / (1 - radius)
      print(
        "measured: S4D 1 - |A| = \(1 - radius), phase \(phase): \(largest) from 100·|A|^n; half a unit a step at \(stop)"
      )
      #expect(largest <= (phase == 0 ? 1.01 * stop + 0.0001 : 0.01))
    }
  }

  /// y sees x of the same step; the sign turns the comparison round; the gate lets half of n through where m is 0.
  @Test func aBlockStepsAsItsEquations() throws {
    var section = section((0.5, 0), gain: 1)
    // x = 0.5·r, y = 2·u - x, which fires where y > 1.5, or y < 0.
    section.fill("input_mantissa", .init(repeating: 1 << 29, count: 16))
    section.fill("input_shift", .init(repeating: 30, count: 16))
    section.fill("pair_output", (0..<16).flatMap { _ in [2 << 10, 0] })
    section.fill("skip", .init(repeating: -1 << 10, count: 16))
    section.fill("output_shift", .init(repeating: 10, count: 16))
    section.fill("threshold", (0..<16).map { $0 % 2 == 0 ? 3 << 15 : 0 })
    section.fill("sign", (0..<16).map { $0 % 2 == 0 ? 1 : -1 })
    // n of channel 0: 3 for each spike of channel 0; m is 0.
    section.fillWeights([[3]])
    section.fill("scale_mantissa", [1 << 24])
    let layer = try LoneLayer(section, inputLimit: 1, kernels: .swift)
    var seen: [([UInt8], Double)] = []
    for r in [2.0, 4.0, -8.0] {
      // As `LoneLayer` takes it, in units of 2^15.
      #expect(layer.step([Int16](repeating: Int16(r * 2), count: 16)) == (r == 4 ? 8 * 32 : r == 2 ? 0 : 8 * 32))
      seen.append((Array(layer.output.fired[..<2]), Double(layer.stream.values[0]) / Self.unit))
    }
    // u: 1, 2.5, -2.75; y: 2 - 1, 5 - 2, -5.5 + 4
    #expect(seen.map(\.0) == [[0, 0], [1, 0], [0, 1]])
    #expect(seen.map(\.1) == [2, 4 + 3 * 0.5, -8])
  }

  /// Ternary spikes are what is large beside the largest; the same weights make both factors, as they are and as signs.
  @Test(arguments: KernelSet.available)
  func unitsOfAGatedBlockStepAsTheirEquations(_ kernels: KernelSet) throws {
    var section = section((0, 0), gain: 1, kind: .s4dGSU)
    // x = r, y = x.
    section.fill("input_mantissa", .init(repeating: 1 << 30, count: 16))
    section.fill("input_shift", .init(repeating: 30, count: 16))
    section.fill("skip", .init(repeating: 1, count: 16))
    // To channel 0, from 0, 1 and 2: 3, -4, and 2, which is no more than the threshold.
    section.fillWeights([[3], [-4], [2]])
    section.fill("ternary_threshold", [2])
    section.fill("scale_mantissa", [1 << 24])
    section.fill("bias", [1 << 24])
    section.fill("ternary_bias", [Int64(0.5 * Self.unit)])
    section.fill("product_mantissa", [1 << 28])
    section.fill("product_shift", [30])
    section.fill("product_bias", [Int64(-1 * Self.unit)])
    let layer = try LoneLayer(section, inputLimit: 1, kernels: kernels)
    // 0.15 of 16 is 2.4: both 2.5 count, 2 does not.
    let operations = layer.step([5, -5, 4, 32].map { Int16($0) } + [Int16](repeating: 0, count: 12))
    #expect(operations == 3 * 16)
    #expect((0..<4).map { layer.signs.pointer[$0] } == [1, -1, 0, 1])
    // m = 3 + 4 + 1, n = 2.5 + 2.5 + 0.5, v = m·n/4 - 1 = 10, of which GELU takes nothing off.
    #expect(Double(layer.stream.values[0]) / Self.unit == 2.5 + 10)
    // Without weights v is 0 elsewhere.
    #expect(layer.stream.values[1...3] == [-5 << 15, 4 << 15, 32 << 15])
  }
}
