import FixedPoint

// What gates the values of a block: curves in Q15, tables of 257 values with straight lines between them.
//
// Twins: Sources/CKernels/mixing.c, tools/silif_tools/kinds/curves.py, docs/ARITHMETIC.md

/// `value` with 16 fractional bits in place of `fractionBits`, rounded where there were more.
///
/// - Parameter value: |value| <= 2^46 where there are fewer.
@_noAllocation @_noLocks
@inline(__always)
func q16(_ value: Int64, fractionBits: Int) -> Int64 {
  fractionBits < 16
    ? value &<< Int64(truncatingIfNeeded: 16 &- fractionBits)
    : roundedShift(value, rightBy: Int64(truncatingIfNeeded: fractionBits &- 16))
}

/// σ(value), Q15, of a value with 16 fractional bits; beyond ±8 that at the end.
@_noAllocation @_noLocks
@inline(__always)
func sigmoid_q15(_ value_q16: Int64) -> Int32 {
  let position = curvePosition(value_q16, edge: 8 << 16)
  return onLine(sigmoidPoint_q15(position &>> 12), sigmoidPoint_q15((position &>> 12) &+ 1), position, bits: 12)
}

/// Φ(value), the share of the normal distribution below it, Q15, of a value with 16 fractional bits; beyond ±4 0 or 1:
/// value · Φ(value) is GELU.
@_noAllocation @_noLocks
@inline(__always)
func normal_q15(_ value_q16: Int64) -> Int32 {
  let position = curvePosition(value_q16, edge: 4 << 16)
  return onLine(normalPoint_q15(position &>> 11), normalPoint_q15((position &>> 11) &+ 1), position, bits: 11)
}

/// GELU(value) = value · Φ(value), F fractional bits; |value| <= 2^30.
@_noAllocation @_noLocks
@inline(__always)
func gelu(_ value_qF: Int32, fractionBits: Int) -> Int32 {
  let gate_q15 = normal_q15(q16(wide(value_qF), fractionBits: fractionBits))
  return Int32(truncatingIfNeeded: roundedShift(product(value_qF, gate_q15), rightBy: 15))
}

/// Where a value stands between the ends of a curve: 0..<2·edge.
@_noAllocation @_noLocks
@inline(__always)
private func curvePosition(_ value_q16: Int64, edge: Int64) -> Int {
  let inside = value_q16 < 0 &- edge ? 0 &- edge : value_q16 >= edge ? edge &- 1 : value_q16
  return Int(truncatingIfNeeded: inside &+ edge)
}

@_noAllocation @_noLocks
@inline(__always)
private func onLine(_ from: UInt16, _ to: UInt16, _ position: Int, bits: Int32) -> Int32 {
  // Neighbours differ by less than 2^10: the product stays below 2^22.
  let rest = Int32(truncatingIfNeeded: position) & ((1 &<< bits) &- 1)
  return Int32(from) &+ roundedShift((Int32(to) &- Int32(from)) &* rest, rightBy: bits)
}
