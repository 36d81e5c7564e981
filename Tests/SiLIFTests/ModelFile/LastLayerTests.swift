import Testing

@testable import SiLIF

/// What a last layer may be, how its classes are read, and which layers may read their own spikes.
@Suite struct LastLayerTests {
  private func error(_ golden: String, _ change: (inout MutableModelFile) -> Void) throws -> ModelError? {
    var file = try MutableModelFile(golden: golden)
    change(&file)
    file.repairChecksum()
    return file.error()
  }

  private func scores(_ golden: String, _ value: UInt16) throws -> ModelError? {
    try error(golden) { $0.set(value, at: $0.start("NETW") + 20) }
  }

  @Test func classesAreReadOffSpikesOnlyWhereThereAreSome() throws {
    #expect(try scores("spiking-last-spikes", 0) == nil && scores("spiking-last-potentials", 1) == nil)
    for golden in ["spiking-last-spikes", "silif-none-w8"] {
      #expect(try scores(golden, 2) == ModelError(.outOfRange, "scores", value: 2))
    }
    #expect(try scores("silif-none-w8", 1) == ModelError(.inconsistent, "scores", value: 1))
  }

  /// An old reader refuses the first of these by its source, as this one does the others.
  @Test func whatHasNoSpikesReadsNone() throws {
    func source(_ golden: String, layer: Int, _ value: UInt16) throws -> ModelError? {
      try error(golden) { $0.set(value, at: $0.start("LAYR", ordinal: layer) + 2) }
    }
    // Without the tables the section is too short.
    #expect(try source("one-neuron", layer: 0, 4)?.problem == .truncated)
    for value in [3, 7, 8, 9, 0x8001] as [UInt16] {
      #expect(
        try source("one-neuron", layer: 0, value) == ModelError(.outOfRange, "source", value: Int64(value), layer: 0))
    }
    #expect(try source("one-neuron", layer: 1, 5) == ModelError(.inconsistent, "source", value: 5, layer: 1))
    #expect(try source("s4d-glu-w8", layer: 0, 4) == ModelError(.inconsistent, "source", value: 4, layer: 0))
    #expect(try source("s4d-glu-w8", layer: 1, 6) == ModelError(.inconsistent, "source", value: 6, layer: 1))
  }

  /// What own spikes bring is added to the bias in Int32.
  @Test func ownSpikesThatCouldOverflowBesideTheBiasAreRefused() throws {
    var section = LayerSection(LayerHeader(kind: .lif, source: .spikes, isRecurrent: true, inputs: 1, outputs: 3))
    section.fillWeights([[100], [-100], [27]], table: "recurrent_weights")
    section.fill("recurrent_mantissa", [1 << 20])
    for sign in [-1, 1] as [Int64] {
      let room = sign < 0 ? Int64(Int32.min) : Int64(Int32.max)
      section.fill("bias", [room - sign * (227 << 20)])
      _ = try LoadedLayer(section)
      section.fill("bias", [room - sign * ((227 << 20) - 1)])
      #expect(throws: ModelError(.outOfRange, "recurrent_mantissa and bias", value: room + sign, layer: 0)) {
        try LoadedLayer(section)
      }
    }
  }

  /// 1 where the class's neuron fired, in Q15; and its spikes are no layer's input.
  @Test func spikesAreTheProbabilities() throws {
    let loaded = try LoadedModel(golden: "spiking-last-spikes")
    let running = RunningNetwork(loaded)
    var (fired, hidden) = (0, 0)
    for step in 0..<loaded.model.selfTest.step_count {
      running.network.step(loaded.model.selfTest.values.baseAddress! + step * loaded.model.header.inputCount)
      for index in 0..<loaded.model.header.classCount {
        let isAbove = running.network.membrane[index] > 1 << 16
        #expect(running.network.probabilities_q15[index] == (isAbove ? 32768 : 0))
        fired += isAbove ? 1 : 0
      }
      hidden += running.network.spikeCount(ofLayer: 0)
    }
    #expect(fired > 10 && running.network.spikeCount == UInt64(hidden))
  }
}
