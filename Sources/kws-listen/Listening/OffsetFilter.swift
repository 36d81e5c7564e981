/// Takes off what is constant in the samples. Many a microphone has such an offset: the network does not hear it, but where levels
/// are measured it would pass for sound. A high pass of 2.5 Hz.
struct OffsetFilter {
  private var offset_q15: Int32 = 0
  private var hasBegun = false

  /// The sample without the offset, -65535...65535.
  @_noAllocation @_noLocks
  mutating func remove(from sample: Int16) -> Int32 {
    let wide = Int32(sample) << 15
    if !hasBegun { (offset_q15, hasBegun) = (wide, true) }
    let offset = offset_q15
    // A thousandth of the way to each sample: 64 ms.
    offset_q15 = offset &+ Int32(truncatingIfNeeded: (Int64(wide) &- Int64(offset)) >> 10)
    return Int32(sample) &- ((offset &+ 0x4000) >> 15)
  }
}
