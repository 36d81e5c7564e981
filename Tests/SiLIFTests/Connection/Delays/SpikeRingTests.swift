import TestSupport
import Testing

@testable import SiLIF

@Suite struct SpikeRingTests {
  @Test(arguments: RingLayout.all)
  func everySpikeArrivesAfterItsDelay(_ layout: RingLayout) {
    var random = SplitMix64(seed: UInt64(layout.firstSlot))
    // A last word of the bitmap that is partly and wholly used, and one among several.
    for (inputs, rotation) in [(13, 0), (32, 1), (75, layout.maximumDelay)] {
      let delays = layout.delays(inputs, rotation: rotation)
      let memory = RingMemory { SpikeRing(inputs: inputs, maximumDelay: layout.maximumDelay, arena: &$0) }
      let arrived = Scratch<UInt16>(count: inputs)
      var history: [[Bool]] = []
      for step in 0..<layout.steps {
        history.append((0..<inputs).map { _ in Bool.random(using: &random) })
        let active = (0..<inputs).filter { history[step][$0] }.map(UInt16.init)
        let count = memory.ring.exchange(
          active: active, count: active.count, slot: layout.slot(step), delays: delays,
          arrived: arrived.pointer)
        let expected = (0..<inputs).filter { step >= Int(delays[$0]) && history[step - Int(delays[$0])][$0] }
        #expect(arrived.values.prefix(count).map(Int.init) == expected)
      }
    }
  }

  @Test func resetForgets() {
    let memory = RingMemory { SpikeRing(inputs: 20, maximumDelay: 4, arena: &$0) }
    let arrived = Scratch<UInt16>(count: 20)
    let all = (UInt16(0)..<20).map { $0 }
    let delays = [UInt8](repeating: 4, count: 20)
    for slot in 0..<5 {
      _ = memory.ring.exchange(
        active: all, count: 20, slot: slot, delays: delays, arrived: arrived.pointer)
    }
    memory.ring.reset()
    for slot in 0..<5 {
      let count = memory.ring.exchange(
        active: all, count: 0, slot: slot, delays: delays, arrived: arrived.pointer)
      #expect(count == 0)
    }
  }
}
