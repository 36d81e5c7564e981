import Foundation
import Testing

@testable import SiLIF

/// RF against its equation in Double.
@Suite struct RFNeuronsTests {
  private static let unit = 0x1p16

  /// Steps one neuron with a constant current; `visit` gets the step, Re u, Im u and s.
  private func run(
    real: Double, imaginary: Double, current: Double, from start: (Double, Double) = (0, 0), steps: Int,
    visit: (Int, Double, Double, UInt8) -> Void
  ) throws {
    let width = 16
    var section = LayerSection(LayerHeader(kind: .rf, source: .spikes, inputs: 1, outputs: width))
    section.fill("decay", .init(repeating: Int64((real * 0x1p30).rounded()), count: width))
    section.fill("decay_imaginary", .init(repeating: Int64((imaginary * 0x1p30).rounded()), count: width))
    section.fill("bias", .init(repeating: Int64((current * 0x1p24).rounded()), count: width))
    let memory = try LoneNeurons(section)
    guard case .rf(let neurons) = memory.neurons else { preconditionFailure("not RF") }
    for index in 0..<width {
      neurons.state.real_qF[index] = Int32(start.0 * Self.unit)
      neurons.state.imaginary_qF[index] = Int32(start.1 * Self.unit)
    }
    for step in 1...steps {
      memory.step()
      let (re, im) = (Double(neurons.state.real_qF[15]), Double(neurons.state.imaginary_qF[15]))
      visit(step, re / Self.unit, im / Self.unit, memory.output.fired[15])
    }
    #expect(memory.counter.saturations == 0)
  }

  /// The spike of one step is taken from the next, whole and unrotated.
  @Test func theResetIsSubtractedAStepLaterWithoutRotation() throws {
    var seen: [(Double, Double, UInt8)] = []
    try run(real: 0, imaginary: 1, current: 0, from: (0, -1.5), steps: 4) { seen.append(($1, $2, $3)) }
    // A quarter turn a step: (0, -1.5) -> (1.5, 0), a spike -> (0 - 1, 1.5) -> (-1.5, -1) -> (1, -1.5): not above 1.
    #expect(seen.map(\.0) == [1.5, -1, -1.5, 1])
    #expect(seen.map(\.1) == [0, 1.5, -1, -1.5])
    #expect(seen.map(\.2) == [1, 0, 0, 0])
  }

  /// Within the published network's range: dt = 0.004, alpha_real -10.3 to -0.1, alpha_im -0.8 to 22.4. The current lets
  /// them fire, and brings no state so near to the threshold that the two could disagree about a spike.
  @Test(arguments: [(-0.1, 0.0), (-2.0, 5.0), (-5.0, 22.4), (-10.3, -0.7)])
  func followsItsEquation(_ alpha: (Double, Double)) throws {
    let (a, b) = (1 + 0.004 * alpha.0, 0.004 * alpha.1)
    let current = 0.3
    var (re, im, s) = (0.0, 0.0, 0.0)
    var (largest, spikes) = (0.0, 0)
    try run(real: a, imaginary: b, current: current, steps: 3000) { step, real, imaginary, spike in
      (re, im) = (a * re - b * im + current - s, b * re + a * im)
      s = re > 1 ? 1 : 0
      largest = max(largest, abs(real - re), abs(imaginary - im))
      spikes += Int(spike)
    }
    print("measured: RF alpha \(alpha): \(largest) of the threshold after 3,000 steps, \(spikes) spikes")
    #expect(largest < 0.001)
    #expect(spikes > 100)
  }
}
