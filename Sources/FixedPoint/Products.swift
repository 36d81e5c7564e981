/// The same value in 64 bits.
///
/// By its bits: `Int64(value)` goes through a loop over words, after which the compiler of a 32-bit target no longer sees a
/// sign extension and makes five instructions or more of a product that one can do. On 64-bit targets the two are one
/// instruction.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func wide(_ value: Int32) -> Int64 {
  Int64(bitPattern: UInt64(truncatingIfNeeded: UInt32(bitPattern: value)) &<< 32) &>> 32
}

/// The full product of two 32-bit values.
///
/// - Returns: at most 2^62 in magnitude, so a sum of one product and any value below 2^62 is exact.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func product(_ left: Int32, _ right: Int32) -> Int64 {
  wide(left) &* wide(right)
}

/// `sum + value · factor`.
///
/// Where a word has 32 bits, by the two products of 32 bits that it takes: the compiler would make three, and keep more in
/// registers than there are.
///
/// - Parameters:
///   - sum: not negative.
///   - value: not negative.
///   - factor: not negative, and small enough for the result to be below 2^63.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func sum(_ sum: Int64, plus value: Int64, times factor: Int32) -> Int64 {
  #if _pointerBitWidth(_32)
    return productBySums(sum, value, factor)
  #else
    return sum &+ value &* Int64(factor)
  #endif
}

/// What `sum(_:plus:times:)` does where a word has 32 bits.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func productBySums(_ sum: Int64, _ value: Int64, _ factor: Int32) -> Int64 {
  let low = wideUnsigned(UInt32(truncatingIfNeeded: value)) &* wideUnsigned(UInt32(bitPattern: factor))
  let high = Int32(truncatingIfNeeded: value &>> 32) &* factor
  return Int64(bitPattern: UInt64(bitPattern: sum) &+ low) &+ wide(high) &<< 32
}

/// The same value in 64 bits, as `wide` by its bits.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func wideUnsigned(_ value: UInt32) -> UInt64 {
  (UInt64(truncatingIfNeeded: value) &<< 32) &>> 32
}

/// 1 where `value > threshold`, else 0, without a branch: spikes are what a branch predictor cannot foresee.
///
/// - Parameter value: |value - threshold| < 2^31.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func exceeds(_ value: Int32, _ threshold: Int32) -> UInt8 {
  UInt8(truncatingIfNeeded: UInt32(bitPattern: threshold &- value) &>> 31)
}
