import TestSupport
import Testing

@testable import SiLIF

@Suite struct CurrentTests {
  /// sum · mantissa / 2^shift, rounded half up, with division instead of shifts.
  private func scaled(_ sum: Int32, _ mantissa: Int32, _ shift: UInt8) -> Int64 {
    let full = Int64(sum) * Int64(mantissa)
    let divisor = Int64(1) << Int64(shift)
    var (quotient, remainder) = full.quotientAndRemainder(dividingBy: divisor)
    if remainder < 0 {
      quotient -= 1
      remainder += divisor
    }
    return shift > 0 && remainder >= divisor / 2 ? quotient + 1 : quotient
  }

  @Test func extremesAndRandomValuesEqualDivision() {
    var random = SplitMix64(seed: 3)
    var admitted = 0
    let extremes: [Int32] = [-Int32.max, -1, 0, 1, Int32.max]
    for shift in UInt8(0)...62 {
      var cases: [(Int32, Int32, Int32)] = []
      for sum in extremes {
        for mantissa in [0, 1, Int32.max] {
          for bias in extremes { cases.append((sum, mantissa, bias)) }
        }
      }
      for _ in 0..<200 {
        let sum = Int32(truncatingIfNeeded: random.next()) >> Int32(random.next() % 31)
        cases.append((sum, Int32(random.next() >> 33), Int32(truncatingIfNeeded: random.next())))
      }
      for (sum, mantissa, bias) in cases {
        let current = scaled(sum, mantissa, shift)
        // What ConnectionTables admits.
        guard current.magnitude + UInt64(bias.magnitude) <= 1 << 38 else { continue }
        #expect(alignedCurrent_qF30(sum, mantissa, shift, bias) == (current + Int64(bias)) * (1 << 22))
        admitted += 1
      }
    }
    #expect(admitted > 10_000)
  }
}
