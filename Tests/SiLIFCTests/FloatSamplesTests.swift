import CSiLIF
import TestSupport
import Testing

/// Floats as samples: times 32768, rounded half up, clamped.
@Suite struct FloatSamplesTests {
  /// By floating point, in which each of these steps is exact.
  private func expected(_ sample: Double) -> Int16 {
    let scaled = min(max(sample, -2), 2) * 32768
    let floor = scaled.rounded(.down)
    return Int16(min(max(floor + (scaled - floor >= 0.5 ? 1 : 0), -32768), 32767))
  }

  private func converted(_ samples: [Float]) -> [Int16] {
    var target = [Int16](repeating: 0, count: samples.count)
    #expect(silif_int16_from_float(samples, samples.count, &target) == SILIF_OK)
    return target
  }

  private func converted(_ samples: [Double]) -> [Int16] {
    var target = [Int16](repeating: 0, count: samples.count)
    #expect(silif_int16_from_double(samples, samples.count, &target) == SILIF_OK)
    return target
  }

  @Test func everySampleComesBack() {
    let samples = (-32768...32767).map { Int16($0) }
    #expect(converted(samples.map { Float($0) / 32768 }) == samples)
    #expect(converted(samples.map { Double($0) / 32768 }) == samples)
  }

  /// Each place where the rounding turns, and the numbers just beside it.
  @Test func halvesGoUp() {
    let halves = (-32770...32770).map { (Double($0) - 0.5) / 32768 }
    let floats = halves.flatMap { [Float($0).nextDown, Float($0), Float($0).nextUp] }
    #expect(converted(floats) == floats.map { expected(Double($0)) })
    let doubles = halves.flatMap { [$0.nextDown, $0, $0.nextUp] }
    #expect(converted(doubles) == doubles.map(expected))
    #expect(converted([0.5 / 32768, -0.5 / 32768, -1.5 / 32768] as [Float]) == [1, 0, -1])
  }

  @Test func everyExponentAndSign() {
    var random = SplitMix64(seed: 18)
    var floats: [Float] = []
    for exponent in 0..<UInt(255) {  // 255 is infinity and what is no number.
      for significand in [0, 1, 0x40_0000, 0x7F_FFFF, UInt32(truncatingIfNeeded: random.next()) & 0x7F_FFFF] {
        floats.append(Float(sign: .plus, exponentBitPattern: exponent, significandBitPattern: significand))
      }
    }
    floats += floats.map { -$0 }
    #expect(converted(floats) == floats.map { expected(Double($0)) })
    var doubles: [Double] = []
    for exponent in 0..<UInt(2047) {
      for significand in [0, 1, 1 << 51, (1 << 52) - 1, random.next() >> 12] as [UInt64] {
        doubles.append(Double(sign: .plus, exponentBitPattern: exponent, significandBitPattern: significand))
      }
    }
    doubles += doubles.map { -$0 }
    #expect(converted(doubles) == doubles.map(expected))
  }

  @Test func whatIsNotFiniteIsRefusedAndNothingWritten() {
    for bad in [Float.infinity, -.infinity, .nan, -.nan, .signalingNaN] {
      var target: [Int16] = [7, 7, 7]
      #expect(silif_int16_from_float([0.5, 0.5, bad], 3, &target) == SILIF_ERROR_ARGUMENT)
      #expect(silif_int16_from_double([0.5, 0.5, Double(bad)], 3, &target) == SILIF_ERROR_ARGUMENT)
      #expect(target == [7, 7, 7])
    }
  }

  @Test func emptyAndMissing() {
    var target: [Int16] = [7]
    #expect(silif_int16_from_float(nil, 0, nil) == SILIF_OK)
    #expect(silif_int16_from_double(nil, 0, nil) == SILIF_OK)
    #expect(silif_int16_from_float(nil, 1, &target) == SILIF_ERROR_ARGUMENT)
    #expect(silif_int16_from_float([0.5], 1, nil) == SILIF_ERROR_ARGUMENT)
    #expect(silif_int16_from_float([0.5], -1, &target) == SILIF_ERROR_ARGUMENT)
    #expect(silif_int16_from_double([0.5], -1, &target) == SILIF_ERROR_ARGUMENT)
    #expect(target == [7])
  }
}
