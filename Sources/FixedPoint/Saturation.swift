// What keeps a complete sum within the type or the bounds of what it becomes.

/// `value`, or the nearer of ±`limit` where it lies beyond them.
///
/// - Parameter limit: not negative.
@_noAllocation @_noLocks
@inlinable @inline(__always)
public func clamped(_ value: Int64, to limit: Int64) -> Int64 {
  value > limit ? limit : (value < 0 &- limit ? 0 &- limit : value)
}

extension Int16 {
  /// The nearest value to a complete sum: -32768...32767.
  @_noAllocation @_noLocks
  @inlinable @inline(__always)
  public init(saturating value: Int64) {
    self = Int16(truncatingIfNeeded: value < -32_768 ? -32_768 : value > 32_767 ? 32_767 : value)
  }
}
