import TestSupport
import Testing

@testable import SiLIF

/// What `kws-bench` relies on to measure the longest step: with the values that a layer's tables name for it, every neuron
/// fires in every step.
@Suite struct LongestStepTests {
  static let cases = NeuronKind.allCases.filter { $0.output == .spikes }.flatMap { kind in
    [8, 16, 22].flatMap { bits in [false, true].map { (kind: kind, fractionBits: bits, clamps: $0) } }
  }

  @Test(arguments: cases)
  func everyNeuronFiresInEveryStep(_ item: (kind: NeuronKind, fractionBits: Int, clamps: Bool)) throws {
    let width = 16
    var section = LayerSection(
      LayerHeader(
        kind: item.kind, source: .spikes, inputs: 1, outputs: width, stateFractionBits: item.fractionBits))
    for table in section.header.tables {
      guard let busy = table.busy else { continue }
      for index in 0..<width { section.set(Int64(item.clamps ? busy.clamped : busy.settled), in: table, at: index) }
    }
    let neurons = try LoneNeurons(section)
    for _ in 0..<512 {
      neurons.step()
      try #require(neurons.output.listed.count == width)
    }
    let saturations = neurons.counter.saturations
    neurons.step()
    #if DEBUG
      #expect(neurons.counter.saturations >= saturations + (item.clamps ? UInt64(width) : 0))
      #expect(item.clamps || neurons.counter.saturations == 0)
    #endif
  }
}
