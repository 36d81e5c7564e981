import Testing

@testable import LogMel

@Suite struct RoundingTests {
  /// floor(x / 2^bits + 1/2) in a wider type.
  private func halfUp(_ x: Int64, _ bits: Int64) -> Int64 {
    let wide = x.multipliedFullWidth(by: 2)
    // Exact for the values used here: the half is added to twice the value.
    let twice = Int64(bitPattern: wide.low)
    precondition(wide.high == twice >> 63)
    let divisor = Int64(1) << (bits + 1)
    let numerator = twice + divisor / 2
    let quotient = numerator / divisor
    return numerator % divisor < 0 ? quotient - 1 : quotient
  }

  @Test(arguments: 1...32 as ClosedRange<Int64>)
  func shiftsRoundHalfUp(bits: Int64) {
    let unit = Int64(1) << bits
    for whole in [-70_000, -3, -2, -1, 0, 1, 2, 70_000] as [Int64] {
      for offset in [-unit / 2 - 1, -unit / 2, -unit / 2 + 1, -1, 0, 1, unit / 2 - 1, unit / 2, unit / 2 + 1] {
        let x = whole * unit + offset
        #expect(rounded(x, rightBy: bits) == halfUp(x, bits))
        #expect(Int64(roundedToInt32(x, rightBy: bits)) == halfUp(x, bits))
        if let small = Int32(exactly: x), small < Int32.max - 1 << 20, bits < 20 {
          #expect(Int64(rounded(small, rightBy: Int32(bits))) == halfUp(x, bits))
        }
      }
    }
  }

  @Test func resultsAtTheEdgeOfInt32AreKept() {
    for bits in 1...31 as ClosedRange<Int64> {
      for edge in [Int32.min, Int32.min + 1, Int32.max - 1, Int32.max] {
        #expect(roundedToInt32(Int64(edge) << bits, rightBy: bits) == edge)
        #expect(roundedToInt32(Int64(edge) << bits - 1 << (bits - 1), rightBy: bits) == edge)
      }
    }
  }

  @Test func quotientsRoundHalfUp() {
    for divisor in [1, 2, 3, 5, 400, 512] as [Int64] {
      for x in -3_000...3_000 as ClosedRange<Int64> {
        let quotient = roundedQuotient(x, by: divisor)
        // quotient - 1/2 <= x / divisor < quotient + 1/2
        #expect((2 * quotient - 1) * divisor <= 2 * x && 2 * x < (2 * quotient + 1) * divisor)
      }
    }
  }
}
