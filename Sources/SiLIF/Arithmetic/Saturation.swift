import FixedPoint

/// Counts how often a complete sum left its range. Only debug builds count; in release builds this is empty.
struct SaturationCounter {
  #if DEBUG
    let count: UnsafeMutablePointer<UInt64>
  #endif

  /// Clamps a complete sum to ±`limit`.
  @_noAllocation @_noLocks
  @inline(__always)
  func clamp(_ value: Int64, limit: Int64) -> Int64 {
    #if DEBUG
      if value > limit || value < -limit { count.pointee &+= 1 }
    #endif
    return clamped(value, to: limit)
  }

  /// Clamps a complete sum to the bound of a state.
  @_noAllocation @_noLocks
  @inline(__always)
  func clamp(state value: Int64) -> Int32 { Int32(truncatingIfNeeded: clamp(value, limit: StateLimit.state)) }

  /// Counts what was clamped elsewhere.
  @_noAllocation @_noLocks
  @inline(__always)
  func add(_ clamped: Int64) {
    #if DEBUG
      count.pointee &+= UInt64(bitPattern: clamped)
    #endif
  }
}

/// Bounds that every proof in docs/ARITHMETIC.md rests on. Computed, because a stored static is initialized behind a
/// lock in debug builds.
enum StateLimit {
  /// States (u, w's upper part, Re, Im) stay within ±2^30, so that subtracting a reset of at most 2^24 keeps them in
  /// Int32 and a product with a Q30 coefficient stays within 2^60.
  static var state: Int64 { @_noAllocation @_noLocks @inline(__always) get { 0x4000_0000 } }
  /// The adaptation variable carries 30 more fractional bits than the state.
  static var adaptation: Int64 { @_noAllocation @_noLocks @inline(__always) get { 0x1000_0000_0000_0000 } }
}
