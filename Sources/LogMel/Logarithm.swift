import FixedPoint

/// Natural logarithm by a table of 64 segments.
struct Logarithm {
  static var entryCount: Int { 65 }
  private let table_q24: UnsafePointer<Int32>

  init(table: UnsafeMutablePointer<Int32>) {
    for i in 0..<Logarithm.entryCount { table[i] = naturalLog_q24(i) }
    table_q24 = UnsafePointer(table)
  }

  /// ln(value / 2^fractionBits) in Q24, for a positive value. Between entries a line is off by less than 2^-15.
  ///
  /// The exponent and `fractionBits` stay within ±128, so the sum stays below 129·ln 2·2^24 < 2^31.
  @_noAllocation @_noLocks @inline(__always)
  func callAsFunction(_ value: Int64, fractionBits: Int32) -> Int32 {
    let zeros = value.leadingZeroBitCount
    let exponent = 63 &- Int32(truncatingIfNeeded: zeros)
    // The 18 bits below the leading one: 6 choose the segment and 12 the place in it.
    let below = Int32(truncatingIfNeeded: (UInt64(bitPattern: value) &<< UInt64(zeros)) &>> 45) & 0x3FFFF
    let segment = Int(below &>> 12)
    // A step of at most 2^18 times a fraction of 12 bits.
    let step = table_q24[segment &+ 1] &- table_q24[segment]
    let mantissa = table_q24[segment] &+ roundedShift(step &* (below & 0xFFF), rightBy: 12)
    return (exponent &- fractionBits) &* table_q24[64] &+ mantissa
  }
}
