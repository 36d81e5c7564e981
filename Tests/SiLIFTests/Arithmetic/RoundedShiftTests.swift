import Testing

@testable import SiLIF

@Suite struct RoundedShiftTests {
  /// floor(value / 2^bits + 1/2) by division with remainder: nothing is added that could overflow, nothing shifted.
  private func oracle(_ value: Int64, _ bits: Int64) -> Int64 {
    guard bits > 0 else { return value }
    let divisor = Int64(1) << bits
    var (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    if remainder < 0 {
      quotient -= 1
      remainder += divisor
    }
    return remainder >= divisor / 2 ? quotient + 1 : quotient
  }

  @Test func halvesGoUp() {
    #expect([-5, -4, -3, -2, -1, 0, 1, 2, 3].map { roundedShift($0, rightBy: 1) } == [-2, -2, -1, -1, 0, 0, 1, 1, 2])
    #expect([-6, -5, -3, -2, -1, 1, 2, 6].map { roundedShift($0, rightBy: 2) } == [-1, -1, -1, 0, 0, 0, 1, 2])
  }

  @Test(arguments: Int64(0)...62)
  func everyShiftEqualsAWiderDivision(_ bits: Int64) {
    let half = (Int64(1) << bits) >> 1
    // The largest and smallest values that the precondition allows, ties and their neighbours, and random ones.
    var values: [Int64] = [.max - half, .min, .min + 1, 0, 1, -1, half, -half, half - 1, -half - 1]
    values += [1 << 62, -(1 << 62), (1 << 62) - 1, 0x4000_0000, -0x4000_0000]
    var random = SplitMix64(seed: UInt64(bits))
    for _ in 0..<2000 {
      let word = Int64(bitPattern: random.next()) >> Int64(random.next() % 63)
      values.append(word)
      // A tie: an odd multiple of a half.
      values.append(((word >> bits) << bits) &+ half)
    }
    // Collected and expected once: an expectation costs more than the arithmetic it checks.
    values = values.filter { $0 <= .max - half }
    #expect(values.filter { roundedShift($0, rightBy: bits) != oracle($0, bits) } == [])
    values = values.filter { $0.magnitude < 1 << 62 }
    #expect(values.count > 2000)
    #expect(values.filter { roundedShift($0, rightByVariable: UInt8(bits)) != oracle($0, bits) } == [])
  }

  @Test func exceedsIsAComparison() {
    let limit = Int32(StateLimit.state)
    for threshold in [1 << 7, 1 << 16, 1 << 24] as [Int32] {
      for value in [-limit, -threshold, -1, 0, threshold - 1, threshold, threshold + 1, limit] {
        #expect(exceeds(value, threshold) == (value > threshold ? 1 : 0))
      }
    }
  }

  @Test func everyPairOfBytesOfAProductIsExact() {
    for left in Int32(-128)...127 {
      #expect((Int32(-128)...127).filter { product(left, $0) != Int64(left * $0) } == [])
    }
  }

  @Test func productsOfExtremesAreExact() {
    let extremes: [Int32] = [.min, .min + 1, -(1 << 30), -1, 0, 1, 1 << 30, .max]
    for left in extremes {
      for right in extremes {
        let (high, low) = Int64(left).multipliedFullWidth(by: Int64(right))
        #expect(high == (product(left, right) < 0 ? -1 : 0) && low == UInt64(bitPattern: product(left, right)))
      }
    }
  }
}
