import Testing

@testable import SiLIF

/// CUBA-LIF against values that one can follow by hand.
@Suite struct CUBANeuronsTests {
  /// Of all neurons; 16 fractional bits.
  private struct Coefficients {
    var decay = 0.5
    var synapseDecay = 0.0
    var spikeDecay = 0.0
    var spikeOffset = 0.0
    var inputAfterSpike = 1.0
    var threshold = 1.0
    var membraneBias = 0.0
    var current = 0.75
  }

  /// (u, i, s) of a neuron after each of the steps.
  private func run(_ coefficients: Coefficients, steps: Int) throws -> [[Double]] {
    let width = 16
    var section = LayerSection(LayerHeader(kind: .cuba, source: .spikes, inputs: 1, outputs: width))
    func fill(_ table: String, _ value: Double, bits: Int) {
      section.fill(table, .init(repeating: Int64((value * Double(1 << bits)).rounded()), count: width))
    }
    fill("decay", coefficients.decay, bits: 30)
    fill("synapse_decay", coefficients.synapseDecay, bits: 30)
    fill("spike_decay", coefficients.spikeDecay, bits: 30)
    fill("spike_offset", coefficients.spikeOffset, bits: 16)
    fill("input_after_spike", coefficients.inputAfterSpike, bits: 0)
    fill("threshold", coefficients.threshold, bits: 16)
    fill("membrane_bias", coefficients.membraneBias, bits: 24)
    fill("bias", coefficients.current, bits: 24)
    let memory = try LoneNeurons(section)
    guard case .cuba(let neurons) = memory.neurons else { preconditionFailure("not CUBA-LIF") }
    return (0..<steps).map { _ in
      memory.step()
      let values = [neurons.membrane_qF[15], neurons.synapse_qF[15]]
      return values.map { Double($0) / 0x1p16 } + [Double(memory.output.fired[15])]
    }
  }

  /// al · 0 and the step's input: 0.75 -> 0.375 + 0.75 fires -> 0.75 -> 1.125 fires
  @Test func aHardResetForgetsThePotential() throws {
    let seen = try run(Coefficients(), steps: 4)
    #expect(seen.map { $0[0] } == [0.75, 1.125, 0.75, 1.125])
    #expect(seen.map { $0[2] } == [0, 1, 0, 1])
  }

  /// To -0.5, half of which is left where the input comes.
  @Test func aResetPotentialDecaysAsAnyOther() throws {
    let seen = try run(Coefficients(spikeOffset: 0.5 * -0.5), steps: 4)
    #expect(seen.map { $0[0] } == [0.75, 1.125, 0.5, 1])
    // At the threshold is not above it.
    #expect(seen.map { $0[2] } == [0, 1, 0, 0])
  }

  /// The step after a spike takes neither potential nor input, but the offset.
  @Test func aLateResetLosesTheInput() throws {
    let seen = try run(Coefficients(spikeOffset: 0.25, inputAfterSpike: 0), steps: 4)
    #expect(seen.map { $0[0] } == [0.75, 1.125, 0.25, 0.875])
    #expect(seen.map { $0[2] } == [0, 1, 0, 0])
  }

  /// The synapse adds up as well: i = 0.5, 0.75, 0.875; u = 0.5, 0.25 + 0.75, ... and a bias that only the membrane takes.
  @Test func aSynapseComesBeforeTheMembrane() throws {
    let seen = try run(
      Coefficients(synapseDecay: 0.5, spikeDecay: 0.5, spikeOffset: -1, membraneBias: 0.125, current: 0.5), steps: 4)
    #expect(seen.map { $0[1] } == [0.5, 0.75, 0.875, 0.9375])
    // 0.5 + 0.125; half of it + 0.75 + 0.125; and so on, 1 taken off where it fired.
    #expect(seen.map { $0[0] } == [0.625, 1.1875, 0.59375, 1.359375])
    #expect(seen.map { $0[2] } == [0, 1, 0, 1])
  }

  /// IF: nothing leaks. 0.75 -> 1.5 fires -> reset to 0 and 0.75 again; a threshold of 1.5 is met, not passed.
  @Test func anExactIntegrator() throws {
    let seen = try run(Coefficients(decay: 1, threshold: 1.5), steps: 4)
    #expect(seen.map { $0[0] } == [0.75, 1.5, 2.25, 0.75])
    #expect(seen.map { $0[2] } == [0, 0, 1, 0])
  }
}
