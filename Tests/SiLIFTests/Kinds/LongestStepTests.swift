import TestSupport
import Testing

@testable import SiLIF

/// What `kws-bench` relies on to measure the longest step: with the values that a layer's tables name for it, every neuron
/// fires in every step, and either none of its states is clamped or all are.
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
      let states = width * neurons.stateCount
      #expect(neurons.counter.saturations == saturations + (item.clamps ? UInt64(states) : 0))
      #expect(item.clamps || neurons.counter.saturations == 0)
    #endif
  }

  @Test(arguments: NeuronKind.allCases.filter(\.isBlock), [false, true])
  func everyChannelOfABlockFires(_ kind: NeuronKind, _ clamps: Bool) throws {
    let width = 16
    var section = LayerSection(
      LayerHeader(
        kind: kind, source: .stream, inputs: width, outputs: width, stateFractionBits: 16, statePairs: 3))
    for table in section.header.tables {
      guard let busy = table.busy else { continue }
      for index in 0..<table.count { section.set(Int64(clamps ? busy.clamped : busy.settled), in: table, at: index) }
    }
    let block = try LoneLayer(section, inputLimit: 1, kernels: .swift)
    let inputs = (0..<width).map { Int16(100 * $0 - 800) }
    var before: UInt64 = 0
    for _ in 0..<40 {
      before = block.counter.saturations
      _ = block.step(inputs)
      try #require(kind.isTernary ? block.signs.values.allSatisfy { $0 != 0 } : block.output.listed.count == width)
    }
    #if DEBUG
      // y; and x, but where it is made of spikes.
      #expect(block.counter.saturations - before >= (clamps ? UInt64(width * (kind.samples ? 1 : 2)) : 0))
      #expect(clamps || before == 0)
    #endif
  }
}
