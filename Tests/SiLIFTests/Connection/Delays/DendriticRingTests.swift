import TestSupport
import Testing

@testable import SiLIF

@Suite struct DendriticRingTests {
  @Test(arguments: RingLayout.all)
  func everySumArrivesAfterItsNeuronsDelay(_ layout: RingLayout) {
    var random = SplitMix64(seed: UInt64(layout.firstSlot))
    for (width, rotation) in [(16, 0), (32, layout.maximumDelay)] {
      let delays = layout.delays(width, rotation: rotation)
      let memory = RingMemory { SumRing(width: width, maximumDelay: layout.maximumDelay, arena: &$0) }
      var history: [[Int32]] = []
      for step in 0..<layout.steps {
        history.append((0..<width).map { _ in Int32.random(in: .min ... .max, using: &random) })
        let sums = Scratch<Int32>(repeating: -1, count: width)
        memory.ring.deposit(sums: history[step], slot: layout.slot(step), delays: delays)
        memory.ring.collect(slot: layout.slot(step), into: sums.pointer)
        let expected = (0..<width).map { step < Int(delays[$0]) ? 0 : history[step - Int(delays[$0])][$0] }
        #expect(sums.values == expected)
      }
      memory.ring.reset()
      let sums = Scratch<Int32>(repeating: -1, count: width)
      for slot in 0...layout.maximumDelay {
        memory.ring.collect(slot: slot, into: sums.pointer)
        #expect(sums.values == [Int32](repeating: 0, count: width))
      }
    }
  }
}
