import Testing

@testable import AudioInput

/// Against sums in wider types.
@Suite struct SampleConversionTests {
  /// Half up, saturated, of a value in units of 2^-16 samples.
  private func rounded(_ value: Int64) -> Int16 {
    Int16(min(max((value + 32_768 + (1 << 40)) / 65_536 - (1 << 24), -32_768), 32_767))
  }

  @Test func thirtyTwoBits() {
    var values: [Int32] = [.min, .min + 1, .max, .max - 1, -1, 0, 1, 32_767, 32_768, -32_768, -32_769, 0x7fff_7fff]
    values += (0..<10_000).map { Int32(truncatingIfNeeded: $0 &* 2_654_435_761) }
    var output = [Int16](repeating: 0, count: values.count)
    convertInt32(values.map(\.littleEndian), to: &output, count: values.count)
    let same = output == values.map { rounded(Int64($0)) }
    #expect(same)
  }

  @Test func twentyFourBits() {
    let values =
      (0..<10_000).map { Int32(truncatingIfNeeded: $0 &* 2_654_435_761) >> 8 } + [-8_388_608, 8_388_607, 127, 128]
    let wanted = values.map { rounded(Int64($0) * 256) }
    var output = [Int16](repeating: 0, count: values.count)
    convertInt24In32(values.map { ($0 & 0xff_ffff).littleEndian }, to: &output, count: values.count)
    let same = output == wanted
    let packed = values.flatMap {
      [UInt8(truncatingIfNeeded: $0), .init(truncatingIfNeeded: $0 >> 8), .init(truncatingIfNeeded: $0 >> 16)]
    }
    output = output.map { _ in 0 }
    convertInt24In3(packed, to: &output, count: values.count)
    let sameWhenPacked = output == wanted
    #expect(same && sameWhenPacked)
  }

  @Test func eightBits() {
    let values = (0...255).map(UInt8.init)
    var output = [Int16](repeating: 0, count: 256)
    convertUInt8(values, to: &output, count: 256)
    #expect(output == values.map { Int16(Int($0) * 256 - 32_768) })
  }

  /// Every half there is, its two neighbours among floats, and random bit patterns.
  @Test func floats() {
    var values: [Float] = [
      0, -0, .infinity, -.infinity, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .greatestFiniteMagnitude,
    ]
    for half in stride(from: Float(-32_769.5), through: 32_769.5, by: 0.5) {
      values += [half, half.nextUp, half.nextDown].map { $0 / 32_768 }
    }
    var state: UInt32 = 1
    for _ in 0..<20_000 {
      state = state &* 1_664_525 &+ 1_013_904_223
      let value = Float(bitPattern: state)
      if value == value { values.append(value) }
    }
    var output = [Int16](repeating: 0, count: values.count)
    let areNumbers = convertFloat(values, to: &output, count: values.count)
    #expect(areNumbers)
    for (value, found) in zip(values, output) {
      // Without rounding by itself: the fraction of a Double is exact here.
      let scaled = Double(value) * 32_768
      let floor = scaled.rounded(.down)
      let nearest = scaled - floor >= 0.5 ? floor + 1 : floor
      #expect(Double(found) == min(max(nearest, -32_768), 32_767), "\(value)")
    }
    #expect(!convertFloat([0, .nan, 0], to: &output, count: 3))
  }
}
