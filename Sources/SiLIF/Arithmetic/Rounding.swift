/// The one rounding of the runtime: half up, `(x + 2^(n-1)) >> n` (docs/ARITHMETIC.md).
///
/// A division would floor, and Python and Swift floor differently; a bare `>>` on data would bias every state
/// downwards by half a unit per step.
///
/// - Parameters:
///   - value: any value with `value + 2^(n-1)` inside Int64. Callers state why that holds.
///   - bits: 0...62. Zero returns the value unchanged.
@_noAllocation @_noLocks
@inline(__always)
func roundedShift(_ value: Int64, rightBy bits: Int64) -> Int64 {
  // For bits == 0 the masked shift gives 1 >> 1 == 0, so no branch is needed.
  (value &+ ((1 &<< bits) &>> 1)) &>> bits
}

/// The same rounding where the shift is a table's and not a constant: one variable shift instead of two.
///
/// floor(x·2^-n + 1/2) = floor((floor(2x·2^-n) + 1) / 2), for n == 0 too.
///
/// - Parameters:
///   - value: |value| < 2^62.
///   - bits: 0...62.
@_noAllocation @_noLocks
@inline(__always)
func roundedShift(_ value: Int64, rightByVariable bits: UInt8) -> Int64 {
  (((value &<< 1) &>> Int64(bits)) &+ 1) &>> 1
}

/// 1 where `value > threshold`, else 0, without a branch: spikes are what a branch predictor cannot foresee.
///
/// - Parameter value: |value - threshold| < 2^31.
@_noAllocation @_noLocks
@inline(__always)
func exceeds(_ value: Int32, _ threshold: Int32) -> UInt8 {
  UInt8(truncatingIfNeeded: UInt32(bitPattern: threshold &- value) &>> 31)
}

/// The full product of two 32-bit values. |product| <= 2^62, so a sum of one product and any value below 2^62 is exact.
@_noAllocation @_noLocks
@inline(__always)
func product(_ left: Int32, _ right: Int32) -> Int64 {
  Int64(left) &* Int64(right)
}
