import Foundation
import Testing

@testable import SiLIF

/// Free decay of w against be^n (docs/ARITHMETIC.md): published networks decay by as little as 5e-9 a step.
@Suite struct AdaptationDecayTests {
  /// One state unit is 2^-16. w is read with 16 fractional bits, so the last half unit never leaves.
  private static let statedErrorInStateUnits = 0.75

  private static let leaks = [5e-9, 1e-6, 1e-3, 0.3]

  private func leakFormat(_ leak: Double) -> (mantissa: Int32, shift: UInt8) {
    var shift = 0
    while leak * pow(2, Double(31 + shift)) <= 0x1p30 { shift += 1 }
    return (Int32((leak * pow(2, Double(30 + shift))).rounded()), UInt8(shift))
  }

  @Test func overAMillionStepsStaysWithinOneStateUnit() throws {
    // Each leak with four beginnings: threshold, a large state of either sign, the smallest fraction.
    let starts: [Int64] = [1 << 46, 700 << 46, -(700 << 46), 1]
    let leak = Self.leaks.flatMap { leak in starts.map { _ in leakFormat(leak) } }
    let begin = Self.leaks.flatMap { _ in starts }
    let width = leak.count
    var section = LayerSection(LayerHeader(kind: .siLIF, source: .spikes, inputs: 1, outputs: width))
    section.fill("adaptation_leak_mantissa", leak.map { Int64($0.mantissa) })
    section.fill("adaptation_leak_shift", leak.map { Int64($0.shift) })
    let memory = try LoneNeurons(section)
    guard case .siLIF(let neurons) = memory.neurons else { preconditionFailure("not SiLIF") }
    for index in 0..<width { neurons.adaptation_qF30[index] = begin[index] }
    var worst = [Double](repeating: 0, count: Self.leaks.count)
    for step in 1...1_000_000 {
      memory.step()
      guard step.isMultiple(of: 10_000) || step <= 100 else { continue }
      for index in 0..<width {
        let group = index / starts.count
        let exact = Double(begin[index]) * exp(Double(step) * log1p(-Self.leaks[group]))
        let error = abs(Double(neurons.adaptation_qF30[index]) - exact) / 0x1p30
        worst[group] = max(worst[group], error)
      }
    }
    for (leak, error) in zip(Self.leaks, worst) {
      print("measured: free decay, 1 - be = \(leak): largest error \(error) of a state unit in 10^6 steps")
      #expect(error <= Self.statedErrorInStateUnits)
    }
    #expect(memory.output.listed == [] && memory.counter.saturations == 0)
  }
}
