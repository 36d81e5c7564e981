/// How the filters' coefficients are held. (Computed, because a stored constant is initialised under a lock.)
enum CoefficientFormat {
  /// Q21; each row of a bank sums to exactly 1 << 21.
  static var bits: Int64 { @_noAllocation @_noLocks get { 21 } }

  /// Split in two for 16-bit multiplication: coefficient = high · 2^7 + low, high in Q14 and low in -64...63.
  static var lowBits: Int64 { @_noAllocation @_noLocks get { 7 } }
}
