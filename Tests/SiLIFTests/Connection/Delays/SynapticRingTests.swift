import TestSupport
import Testing

@testable import SiLIF

@Suite struct SynapticRingTests {
  private static let inputs = 9
  private static let width = 16

  private func layer(
    _ layout: RingLayout, bits: Int, source: EdgeKind, random: inout SplitMix64
  ) throws -> (LayerOfWeights, weights: [[Int]], delays: [UInt8]) {
    let limit = bits == 4 ? 7 : bits == 8 ? 127 : 5000
    let weights = (0..<Self.inputs).map { _ in
      (0..<Self.width).map { _ in Int.random(in: -limit...limit, using: &random) }
    }
    let delays = (0..<Self.inputs).flatMap { layout.delays(Self.width, rotation: $0) }
    let layer = try LayerOfWeights(
      weights, bits: bits, source: source, delayKind: .synaptic, delays: delays, maximumDelay: layout.maximumDelay)
    return (layer, weights, delays)
  }

  /// What arrives at `step`: each weight times its input, as many steps ago as the weight's own delay.
  private func expected(_ step: Int, _ history: [[Int]], _ weights: [[Int]], _ delays: [UInt8]) -> [Int32] {
    (0..<Self.width).map { output in
      var sum = 0
      for input in 0..<Self.inputs {
        let delay = Int(delays[input * Self.width + output])
        if step >= delay { sum += history[step - delay][input] * weights[input][output] }
      }
      return Int32(sum)
    }
  }

  @Test(arguments: RingLayout.all, [4, 8, 16])
  func everySpikeReachesEachTargetAfterItsDelay(_ layout: RingLayout, bits: Int) throws {
    var random = SplitMix64(seed: UInt64(layout.firstSlot))
    let (layer, weights, delays) = try layer(layout, bits: bits, source: .spikes, random: &random)
    let memory = RingMemory { SumRing(width: Self.width, maximumDelay: layout.maximumDelay, arena: &$0) }
    var history: [[Int]] = []
    for step in 0..<layout.steps {
      history.append((0..<Self.inputs).map { _ in Int.random(in: 0...1, using: &random) })
      let active = (0..<Self.inputs).filter { history[step][$0] == 1 }.map(UInt16.init)
      let sums = Scratch<Int32>(repeating: -1, count: Self.width)
      let slot = layout.slot(step)
      SynapticInput.scatter(
        active: active, count: active.count, weights: layer.weights, delays: layer.delays!, slot: slot,
        ring: memory.ring)
      memory.ring.collect(slot: slot, into: sums.pointer)
      memory.ring.clear(slot: slot)
      #expect(sums.values == expected(step, history, weights, delays))
    }
  }

  @Test(arguments: RingLayout.all, [4, 8, 16])
  func everyValueReachesEachTargetAfterItsDelay(_ layout: RingLayout, bits: Int) throws {
    var random = SplitMix64(seed: UInt64(layout.firstSlot))
    let (layer, weights, delays) = try layer(layout, bits: bits, source: .frames, random: &random)
    let memory = RingMemory { SumRing(width: Self.width, maximumDelay: layout.maximumDelay, arena: &$0) }
    var history: [[Int]] = []
    for step in 0..<layout.steps {
      history.append((0..<Self.inputs).map { _ in Int.random(in: -32767...32767, using: &random) })
      let sums = Scratch<Int32>(repeating: -1, count: Self.width)
      let slot = layout.slot(step)
      SynapticInput.scatter(
        frame: history[step].map(Int16.init), weights: layer.weights, delays: layer.delays!,
        slot: slot,
        ring: memory.ring)
      memory.ring.collect(slot: slot, into: sums.pointer)
      memory.ring.clear(slot: slot)
      #expect(sums.values == expected(step, history, weights, delays))
    }
  }
}
