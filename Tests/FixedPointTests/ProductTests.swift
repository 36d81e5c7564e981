import FixedPoint
import Testing

@Suite struct ProductTests {
  @Test func wideKeepsTheValue() {
    for value in [.min, .min + 1, -65_536, -1, 0, 1, 65_535, .max - 1, .max] as [Int32] {
      #expect(wide(value) == Int64(value))
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

  @Test func sumsOfProductsAreExact() {
    for value in [0, 1, 0xFFFF_FFFF, 0x1_0000_0000, (1 << 47) - 1, 0x7FFF_8000_8000] as [Int64] {
      for factor in [0, 1, 3, 32_767, 32_768] as [Int32] {
        for start in [0, 1, 0xFFFF_FFFF, 1 << 61] as [Int64] {
          let exact = start + value * Int64(factor)
          #expect(sum(start, plus: value, times: factor) == exact)
          #expect(productBySums(start, value, factor) == exact)
        }
      }
    }
  }

  @Test func exceedsIsAComparison() {
    let limit = Int32(1) << 30
    for threshold in [1 << 7, 1 << 16, 1 << 24] as [Int32] {
      for value in [-limit, -threshold, -1, 0, threshold - 1, threshold, threshold + 1, limit] {
        #expect(exceeds(value, threshold) == (value > threshold ? 1 : 0))
      }
    }
  }
}
