import FixedPoint

/// (1 - c)·mean of the frame in Q15, rounded.
@_noAllocation @_noLocks
func meanTerm_q15(_ samples: UnsafePointer<Int16>, count: Int, preemphasis_q15: Int32) -> Int32 {
  // At most 512·2^15.
  var sum: Int32 = 0
  for i in 0..<count { sum &+= Int32(samples[i]) }
  return Int32(truncatingIfNeeded: roundedQuotient(product(32768 &- preemphasis_q15, sum), by: Int64(count)))
}

/// Removes the frame's mean and emphasises high frequencies: x[i] - c·x[i-1] - (1 - c)·mean in Q15, where x[-1] = x[0].
///
/// x[i-1]·c + mean·(1 - c) lies between two values of the signal's type, so its distance from x[i] is at most 65535,
/// and 65535·2^15 = 2^31 - 2^15 fits Int32. Only the mean's term is rounded.
///
/// - Returns: the bits of all magnitudes together.
@_noAllocation @_noLocks
func emphasise(
  _ samples: UnsafePointer<Int16>, count: Int, preemphasis_q15: Int32, meanTerm_q15: Int32,
  to output_q15: UnsafeMutablePointer<Int32>
) -> Int32 {
  let first_q15 = (32768 &- preemphasis_q15) &* Int32(samples[0]) &- meanTerm_q15
  output_q15[0] = first_q15
  var magnitude = first_q15 ^ (first_q15 &>> 31)
  for i in 1..<count {
    let x_q15 = Int32(samples[i]) &<< 15 &- preemphasis_q15 &* Int32(samples[i &- 1]) &- meanTerm_q15
    output_q15[i] = x_q15
    magnitude |= x_q15 ^ (x_q15 &>> 31)
  }
  return magnitude
}

/// How many bits the largest magnitude needs, 0...31: every value lies in -2^bits ..< 2^bits.
@_noAllocation @_noLocks @inline(__always)
func magnitudeBits(_ magnitude: Int32) -> Int32 {
  32 &- Int32(truncatingIfNeeded: magnitude.leadingZeroBitCount)
}
