import Foundation
import Testing

@testable import SiLIF

/// Free decay of C-SiLIF against |A|^n. Here states are rounded to 2^-16 at every step, with no remainder kept.
@Suite struct ComplexDecayTests {
  private static let steps = 100_000

  /// - Returns: the largest | |u| - |u0|·|A|^n | in threshold units (1.0), for A as given and as rounded to Q30.
  private func run(radius: Double, phase: Double, start: Double) throws -> (asGiven: Double, asRounded: Double) {
    let scale = 0x1p30
    let real: Double = (radius * cos(phase) * scale).rounded()
    let imaginary: Double = (radius * sin(phase) * scale).rounded()
    let width = 16
    var section = LayerSection(LayerHeader(kind: .cSiLIF, source: .spikes, inputs: 1, outputs: width))
    section.fill("decay", .init(repeating: Int64(real), count: width))
    section.fill("decay_imaginary", .init(repeating: Int64(imaginary), count: width))
    let rounded = (real * real + imaginary * imaginary).squareRoot() / scale
    let memory = try LoneNeurons(section)
    guard case .cSiLIF(let neurons) = memory.neurons else { preconditionFailure("not C-SiLIF") }
    let unit = 0x1p16
    for index in 0..<width { neurons.state.imaginary_qF[index] = Int32(start * unit) }
    var asGiven = 0.0
    var asRounded = 0.0
    for step in 1...Self.steps {
      memory.step()
      // Left alone: without its reset.
      memory.output.spikes.reset()
      guard step.isMultiple(of: 100) else { continue }
      let re = Double(neurons.state.real_qF[0]) / unit
      let im = Double(neurons.state.imaginary_qF[0]) / unit
      let size = (re * re + im * im).squareRoot()
      asGiven = max(asGiven, abs(size - start * pow(radius, Double(step))))
      asRounded = max(asRounded, abs(size - start * pow(rounded, Double(step))))
    }
    return (asGiven, asRounded)
  }

  /// Phases as the published networks have them: rounding errors turn with the state and average out.
  @Test(arguments: [1 - 5e-9, 1 - 1e-6, 1 - 1e-4, 1 - 1e-2])
  func turningStatesFollowTheirExponential(_ radius: Double) throws {
    for phase in [0.1, 1.0, 2.5, 295.0] {
      let (asGiven, asRounded) = try run(radius: radius, phase: phase, start: 100)
      print("measured: 1 - |A| = \(1 - radius), phase \(phase): \(asGiven) from |A|^n, \(asRounded) from the rounded A")
      #expect(asGiven <= 0.05)
    }
  }

  /// Without a phase the same rounding repeats: the state stops where it loses less than half a unit a step.
  @Test func withoutAPhaseTheStateStopsAtHalfAUnitAStep() throws {
    for radius in [1 - 1e-6, 1 - 1e-4, 1 - 1e-2] {
      let stop = 0x1p-17 / (1 - radius)
      let (asGiven, _) = try run(radius: radius, phase: 0, start: 100)
      print("measured: 1 - |A| = \(1 - radius), no phase: \(asGiven) from |A|^n; half a unit a step is lost at \(stop)")
      #expect(asGiven <= 1.01 * stop + 0.05)
    }
  }
}
