import FixedPoint
import Testing

/// Every rounding against a division with remainder: nothing is added there that could overflow, nothing shifted.
@Suite struct RoundingTests {
  /// floor(value / 2^bits + 1/2).
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

  /// The largest and smallest values that the preconditions allow, ties and their neighbours, and many others of every size.
  private func values(_ bits: Int64) -> [Int64] {
    let half = (Int64(1) << bits) >> 1
    var values: [Int64] = [.max - half, .min, .min + 1, 0, 1, -1, half, -half, half - 1, -half - 1]
    values += [1 << 62, -(1 << 62), (1 << 62) - 1, 0x4000_0000, -0x4000_0000]
    for index in 0..<2000 as Range<UInt64> {
      let word = Int64(bitPattern: index &* 0x9E37_79B9_7F4A_7C15) >> Int64(index % 63)
      values.append(word)
      // A tie: an odd multiple of a half.
      values.append(((word >> bits) << bits) &+ half)
    }
    return values.filter { $0 <= .max - half }
  }

  @Test func halvesGoUp() {
    #expect(
      [-5, -4, -3, -2, -1, 0, 1, 2, 3].map { roundedShift($0 as Int64, rightBy: 1) } == [-2, -2, -1, -1, 0, 0, 1, 1, 2])
    #expect(
      [-6, -5, -3, -2, -1, 1, 2, 6].map { roundedShift($0 as Int64, rightBy: 2) } == [-1, -1, -1, 0, 0, 0, 1, 2])
  }

  // Collected and expected once: an expectation costs more than the arithmetic it checks.
  @Test(arguments: Int64(0)...62)
  func everyShiftEqualsADivision(_ bits: Int64) {
    let values = values(bits)
    #expect(values.filter { roundedShift($0, rightBy: bits) != oracle($0, bits) } == [])
    let small = values.filter { $0.magnitude < 1 << 62 }
    #expect(small.count > 2000)
    #expect(small.filter { roundedShift($0, rightByVariable: UInt8(bits)) != oracle($0, bits) } == [])
    let positive = values.filter { $0 >= 0 }
    #expect(
      positive.filter { roundedShift(UInt64($0), rightBy: UInt64(bits)) != UInt64(oracle($0, bits)) } == [])
  }

  @Test(arguments: Int64(1)...32)
  func shiftsToInt32EqualADivision(_ bits: Int64) {
    var values = values(bits).filter { Int32(exactly: oracle($0, bits)) != nil }
    for edge in [Int32.min, Int32.min + 1, Int32.max - 1, Int32.max] where bits < 32 {
      // What rounds to the edge: itself, and the least value that is rounded up to it.
      values += [Int64(edge) << bits, Int64(edge) << bits - (1 << bits) >> 1]
    }
    #expect(values.count > 100)
    #expect(values.filter { Int64(roundedShiftToInt32($0, rightBy: bits)) != oracle($0, bits) } == [])
  }

  @Test(arguments: Int64(0)...30)
  func shiftsOf32BitsEqualADivision(_ bits: Int64) {
    let half = (Int64(1) << bits) >> 1
    let values = values(bits).filter { Int32(exactly: $0) != nil && Int32(exactly: $0 + half) != nil }
    #expect(values.count > 100)
    #expect(values.filter { Int64(roundedShift(Int32($0), rightBy: Int32(bits))) != oracle($0, bits) } == [])
    let positive = values.filter { $0 >= 0 }
    #expect(positive.filter { Int64(roundedShift(UInt32($0), rightBy: UInt32(bits))) != oracle($0, bits) } == [])
  }

  @Test(arguments: [1, 2, 3, 5, 400, 512] as [Int64])
  func quotientsRoundDownOrHalfUp(_ divisor: Int64) {
    let range = -3_000...3_000 as ClosedRange<Int64>
    // quotient - 1/2 <= x / divisor < quotient + 1/2
    #expect(
      range.filter {
        let quotient = roundedQuotient($0, by: divisor)
        return (2 * quotient - 1) * divisor > 2 * $0 || 2 * $0 >= (2 * quotient + 1) * divisor
      } == [])
    #expect(
      range.filter {
        let quotient = flooredQuotient($0, by: divisor)
        return quotient * divisor > $0 || $0 >= (quotient + 1) * divisor
      } == [])
  }
}
