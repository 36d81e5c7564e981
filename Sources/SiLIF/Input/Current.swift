import FixedPoint

/// Turns a complete integer sum into a current: I = scale·sum + bias, with F + 8 fractional bits, aligned to the
/// F + 30 fractional bits in which the neurons add.
///
/// |sum·mantissa| < 2^62 because both are Int32; |current| <= 2^38 was checked at load, so the shift by 22 ends at
/// 2^60 or below.
@_noAllocation @_noLocks
@inline(__always)
func alignedCurrent(_ sum: Int32, _ mantissa: Int32, _ shift: UInt8, _ bias: Int32) -> Int64 {
  (roundedShift(product(sum, mantissa), rightByVariable: shift) &+ Int64(bias)) &<< 22
}
