import Testing

@testable import SiLIF

@Suite struct SaturationTests {
  @Test func onlyValuesBeyondTheLimitChange() {
    let count = Scratch<UInt64>(count: 1)
    #if DEBUG
      let counter = SaturationCounter(count: count.pointer)
    #else
      let counter = SaturationCounter()
    #endif
    for limit in [StateLimit.state, StateLimit.adaptation] {
      for (value, expected) in [
        (limit, limit), (limit - 1, limit - 1), (-limit, -limit), (0, 0), (limit + 1, limit), (-limit - 1, -limit),
        (Int64.max, limit), (Int64.min, -limit),
      ] {
        #expect(counter.clamp(value, limit: limit) == expected)
      }
    }
    #if DEBUG
      #expect(count.values == [8])
    #else
      #expect(count.values == [0])
    #endif
  }
}
