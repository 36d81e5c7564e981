/// Sum of coefficient · sample over a row, exact, in Q21. The coefficients come as two 16-bit halves because a 16 x 16 -> 32 bit
/// multiply-add is what every SIMD unit has; a 32 x 16 one is several times slower.
@inline(__always)
@_noAllocation @_noLocks
func dotProduct_q21(
  _ high_q14: UnsafePointer<Int16>, _ low_q21: UnsafePointer<Int16>, _ samples: UnsafePointer<Int16>, count: Int
) -> Int64 {
  var total: Int64 = 0
  var at = 0
  while at < count {
    // 512 at a time. High: a row's absolute values add up to less than 2^16 (tested for all rates), times 2^15 is below
    // 2^31. Low: 512 · 2^6 · 2^15 = 2^30. So neither sum can wrap, at any point.
    let end = min(at + 512, count)
    var high: Int32 = 0
    var low: Int32 = 0
    for tap in at..<end {
      let sample = Int32(samples[tap])
      high &+= Int32(high_q14[tap]) &* sample
      low &+= Int32(low_q21[tap]) &* sample
    }
    total += (Int64(high) << CoefficientFormat.lowBits) + Int64(low)
    at = end
  }
  return total
}

/// How the filters' coefficients are held. (Computed, because a stored constant is initialised under a lock.)
enum CoefficientFormat {
  /// Q21; each row of a bank sums to exactly 1 << 21.
  static var bits: Int64 { @_noAllocation @_noLocks get { 21 } }

  /// Split in two for 16-bit multiplication: coefficient = high · 2^7 + low, high in Q14 and low in -64...63.
  static var lowBits: Int64 { @_noAllocation @_noLocks get { 7 } }
}
