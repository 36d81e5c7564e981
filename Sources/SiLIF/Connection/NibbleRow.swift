/// The 4-bit weights of one presynaptic neuron, two a byte: the low nibble of byte k is the weight to output k, the high
/// nibble the weight to output width/2 + k. So a vector of bytes gives two vectors of neighbouring weights, with
/// a mask and a shift and no shuffle.
struct NibbleRow {
  /// [half]
  let bytes: UnsafePointer<Int8>
  /// width / 2, a multiple of 8.
  let half: Int

  @_noAllocation @_noLocks
  @inline(__always)
  init(_ input: Int, of weights: Weights) {
    half = weights.width &>> 1
    bytes = weights.rows.assumingMemoryBound(to: Int8.self) + input &* half
  }

  /// -8...7.
  @_noAllocation @_noLocks
  @inline(__always)
  func weight(_ output: Int) -> Int8 {
    output < half ? NibbleRow.low(bytes[output]) : NibbleRow.high(bytes[output &- half])
  }

  /// The low nibble as two's complement: shifted up and down again, its own top bit becomes the sign.
  @_noAllocation @_noLocks
  @inline(__always)
  static func low(_ byte: Int8) -> Int8 { (byte &<< 4) &>> 4 }

  @_noAllocation @_noLocks
  @inline(__always)
  static func high(_ byte: Int8) -> Int8 { byte &>> 4 }
}
