import FixedPoint
import Testing

@Suite struct SaturationTests {
  @Test func onlyValuesBeyondTheLimitChange() {
    for limit in [0, 1, 1 << 30, 1 << 60, .max] as [Int64] {
      for value in [-limit, 1 - limit, limit - 1, limit] where value.magnitude <= limit.magnitude {
        #expect(clamped(value, to: limit) == value)
      }
      for beyond in [Int64.max, limit < .max ? limit + 1 : limit] { #expect(clamped(beyond, to: limit) == limit) }
      for beyond in [Int64.min, -limit - 1] { #expect(clamped(beyond, to: limit) == -limit) }
    }
  }

  @Test func samplesAreTheNearestOnes() {
    for (value, sample) in [
      (0, 0), (-32_768, -32_768), (32_767, 32_767), (-32_769, -32_768), (32_768, 32_767), (.max, 32_767),
      (.min, -32_768),
    ] as [(Int64, Int16)] {
      #expect(Int16(saturating: value) == sample)
    }
  }
}
