// The one rounding of this package: half up, floor(x · 2^-n + 1/2) (docs/ARITHMETIC.md, "One rounding"). A bare `>>` on data
// would bias every state downwards by half a unit a step; a division would floor in Python and truncate in Swift.
//
// All of these wrap instead of trapping, so that loops over them vectorise: callers prove that nothing wraps.
//
// Twins: Sources/CKernels/arithmetic.h, tools/silif_tools/fixed_point.py

/// `value · 2^-bits`, rounded half up.
///
/// - Parameters:
///   - value: any value with `value + 2^(bits-1)` inside Int64.
///   - bits: 0...62. Zero returns the value unchanged.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func roundedShift(_ value: Int64, rightBy bits: Int64) -> Int64 {
  // For bits == 0 the masked shift gives 1 >> 1 == 0, so no branch is needed.
  (value &+ ((1 &<< bits) &>> 1)) &>> bits
}

/// `value · 2^-bits`, rounded half up, in 32 bits.
///
/// - Parameters:
///   - value: any value with `value + 2^(bits-1)` inside Int32.
///   - bits: 0...30. Zero returns the value unchanged.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func roundedShift(_ value: Int32, rightBy bits: Int32) -> Int32 {
  (value &+ ((1 &<< bits) &>> 1)) &>> bits
}

/// `value · 2^-bits`, rounded half up, of what is never negative: vector units without an arithmetic shift of 64 bits have
/// the logical one.
///
/// - Parameters:
///   - value: any value with `value + 2^(bits-1)` inside UInt64.
///   - bits: 0...63. Zero returns the value unchanged.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func roundedShift(_ value: UInt64, rightBy bits: UInt64) -> UInt64 {
  (value &+ ((1 &<< bits) &>> 1)) &>> bits
}

/// The same in 32 bits.
///
/// - Parameters:
///   - value: any value with `value + 2^(bits-1)` inside UInt32.
///   - bits: 0...31. Zero returns the value unchanged.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func roundedShift(_ value: UInt32, rightBy bits: UInt32) -> UInt32 {
  (value &+ ((1 &<< bits) &>> 1)) &>> bits
}

/// The same rounding where the shift comes out of a table: one variable shift instead of two.
///
/// floor(x·2^-n + 1/2) = floor((floor(2x·2^-n) + 1) / 2), for n == 0 too.
///
/// - Parameters:
///   - value: |value| < 2^62.
///   - bits: 0...62.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func roundedShift(_ value: Int64, rightByVariable bits: UInt8) -> Int64 {
  (((value &<< 1) &>> Int64(bits)) &+ 1) &>> 1
}

/// The same rounding for results that fit Int32.
///
/// The sign lies above the bits that are kept, so a logical shift gives them too; unlike an arithmetic one of 64 bits, it
/// exists in every vector unit.
///
/// - Parameters:
///   - value: any value with `value + 2^(bits-1)` inside Int64 whose rounded result lies within Int32.
///   - bits: 1...32.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func roundedShiftToInt32(_ value: Int64, rightBy bits: Int64) -> Int32 {
  Int32(truncatingIfNeeded: UInt64(bitPattern: value &+ (1 &<< (bits &- 1))) &>> UInt64(bitPattern: bits))
}

/// `value / divisor`, rounded down, as `//` does in Python; `/` rounds towards zero.
///
/// - Parameter divisor: positive.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func flooredQuotient(_ value: Int64, by divisor: Int64) -> Int64 {
  let quotient = value / divisor
  return value % divisor < 0 ? quotient &- 1 : quotient
}

/// `value / divisor`, rounded half up.
///
/// - Parameters:
///   - value: any value with `2 · value + divisor` inside Int64.
///   - divisor: 1..<2^62.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func roundedQuotient(_ value: Int64, by divisor: Int64) -> Int64 {
  flooredQuotient(2 &* value &+ divisor, by: 2 &* divisor)
}
