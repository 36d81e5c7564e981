/// The one rounding of this target is half up, (x + 2^(bits-1)) >> bits. Callers prove that the addition can't overflow.

@_noAllocation @_noLocks @inline(__always)
func rounded(_ x: Int32, rightBy bits: Int32) -> Int32 { (x &+ (1 &<< (bits &- 1))) &>> bits }

@_noAllocation @_noLocks @inline(__always)
func rounded(_ x: Int64, rightBy bits: Int64) -> Int64 { (x &+ (1 &<< (bits &- 1))) &>> bits }

/// As `rounded`, for 1...32 bits and a result that fits Int32. The sign lies above the bits that are kept, so a logical
/// shift gives the same; unlike an arithmetic one of 64 bits, it exists in every vector unit.
@_noAllocation @_noLocks @inline(__always)
func roundedToInt32(_ x: Int64, rightBy bits: Int64) -> Int32 {
  Int32(truncatingIfNeeded: UInt64(bitPattern: x &+ (1 &<< (bits &- 1))) &>> UInt64(bitPattern: bits))
}

/// x / divisor, half rounded up, for a positive divisor; Swift's own division truncates toward zero.
@_noAllocation @_noLocks
func roundedQuotient(_ x: Int64, by divisor: Int64) -> Int64 {
  let numerator = 2 &* x &+ divisor
  let quotient = numerator / (2 &* divisor)
  return numerator % (2 &* divisor) < 0 ? quotient &- 1 : quotient
}
