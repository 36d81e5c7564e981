extension Int64 {
  /// The quotient rounded down, as `//` does in Python; `/` rounds towards zero.
  @_noAllocation @_noLocks
  @inline(__always)
  func flooredQuotient(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }

  /// The quotient rounded to nearest, halves up. The divisor is positive.
  @_noAllocation @_noLocks
  @inline(__always)
  func roundedQuotient(by divisor: Int64) -> Int64 {
    (2 * self + divisor).flooredQuotient(by: 2 * divisor)
  }

  /// (x + 2^(bits-1)) >> bits.
  @_noAllocation @_noLocks
  @inline(__always)
  func roundedShift(right bits: Int64) -> Int64 {
    (self + (1 << (bits - 1))) >> bits
  }
}

extension Int16 {
  /// The nearest sample to a complete sum.
  @_noAllocation @_noLocks
  @inline(__always)
  init(saturating value: Int64) {
    self = Int16(truncatingIfNeeded: value < -32_768 ? -32_768 : value > 32_767 ? 32_767 : value)
  }
}
