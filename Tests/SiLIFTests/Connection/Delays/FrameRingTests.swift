import TestSupport
import Testing

@testable import SiLIF

@Suite struct FrameRingTests {
  @Test(arguments: RingLayout.all)
  func everyValueArrivesAfterItsDelay(_ layout: RingLayout) {
    var random = SplitMix64(seed: UInt64(layout.firstSlot))
    for (inputs, rotation) in [(1, 0), (13, 0), (31, layout.maximumDelay)] {
      let delays = layout.delays(inputs, rotation: rotation)
      let memory = RingMemory { FrameRing(inputs: inputs, maximumDelay: layout.maximumDelay, arena: &$0) }
      var history: [[Int16]] = []
      for step in 0..<layout.steps {
        history.append((0..<inputs).map { _ in Int16.random(in: .min ... .max, using: &random) })
        let expected = (0..<inputs).map { step < Int(delays[$0]) ? 0 : history[step - Int(delays[$0])][$0] }
        let delayed = Scratch<Int16>(repeating: -1, count: inputs)
        memory.ring.exchange(
          frame: history[step], slot: layout.slot(step), delays: delays, delayed: delayed.pointer)
        #expect(delayed.values == expected)
      }
      memory.ring.reset()
      let silent = Scratch<Int16>(count: inputs)
      for slot in 0...layout.maximumDelay {
        memory.ring.exchange(frame: silent.pointer, slot: slot, delays: delays, delayed: silent.pointer)
        #expect(silent.values == [Int16](repeating: 0, count: inputs))
      }
    }
  }
}
