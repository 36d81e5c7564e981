import FixedPoint

/// Softmax over the readout in integers: `p = 2^(-(max - u)·log2 e)`, normalised, in Q15.
///
/// Twins: tools/silif_tools/integer/softmax.py, docs/ARITHMETIC.md
struct Softmax {
  /// Fractional bits of the membrane potentials it takes.
  static let inputFractionBits = 16
  /// log2(e) in Q16: round(1.4426950408889634 · 65536).
  private static var log2e_q16: Int64 { @_noAllocation @_noLocks @inline(__always) get { 94548 } }

  private static var entryCount: Int { 257 }

  /// 2^(-i/256) in Q15, i in 0...256. A copy of the generated table, for a debug build, which would walk the switch.
  private let table: UnsafeMutablePointer<UInt16>
  private let weights: UnsafeMutablePointer<UInt32>

  init(classes: Int, state: inout Arena, scratch: inout Arena) {
    table = state.reserve(UInt16.self, Softmax.entryCount)
    weights = scratch.reserve(UInt32.self, classes)
  }

  /// Fills the table. Set-up only.
  func prepare() {
    for index in 0..<Softmax.entryCount { table[index] = exponential_q15(index) }
  }

  /// - Parameters:
  ///   - membrane: [classes], 16 fractional bits.
  ///   - probabilities_q15: receives [classes], each 0...32768; they sum to 32768 within half a unit a class.
  @_noAllocation @_noLocks
  func step(
    membrane: UnsafePointer<Int32>, classes: Int, probabilities_q15: UnsafeMutablePointer<UInt16>
  ) {
    var largest = membrane[0]
    for index in 1..<classes where membrane[index] > largest { largest = membrane[index] }
    // Each weight is at most 2^15 and there are at most 2^8 classes: the sum is below 2^24, and weight << 15 below 2^31.
    var sum: UInt32 = 0
    for index in 0..<classes {
      weights[index] = exponential(ofMinus: wide(largest) &- wide(membrane[index]))
      sum &+= weights[index]
    }
    // The largest class has weight 2^15, so the sum is never zero.
    for index in 0..<classes {
      let quotient = ((weights[index] &<< 15) &+ (sum &>> 1)) / sum
      probabilities_q15[index] = UInt16(truncatingIfNeeded: quotient)
    }
  }

  /// exp(-distance) in Q15; distance has 16 fractional bits and is not negative.
  @inline(__always)
  private func exponential(ofMinus distance: Int64) -> UInt32 {
    // distance <= 2^31, so the product is below 2^48.
    let exponent = roundedShift(distance &* Softmax.log2e_q16, rightBy: 16)
    let whole = exponent &>> 16
    // 2^15 · 2^-17 rounds to zero.
    if whole > 16 { return 0 }
    let fraction = Int(truncatingIfNeeded: exponent & 0xFFFF)
    let upper = UInt32(table[fraction &>> 8])
    let step = upper &- UInt32(table[(fraction &>> 8) &+ 1])
    let value = upper &- roundedShift(step &* UInt32(fraction & 0xFF), rightBy: 8)
    return roundedShift(value, rightBy: UInt32(truncatingIfNeeded: whole))
  }
}
