import FixedPoint

/// The power of two by which a frame is raised so that its values stay within ±2^23 (PEAK_BITS in the reference).
///
/// A loud frame is lowered by up to 2^8. A quiet one is raised by at most as much: more would gain nothing, and the
/// shift while windowing stays within 16...32.
@_noAllocation @_noLocks @inline(__always)
func blockShift(magnitudeBits: Int32) -> Int32 { min(8, 23 &- magnitudeBits) }

/// Raises the frame by 2^blockShift, windows it, and sets even samples apart from odd ones, which are the real and the
/// imaginary parts of the transform's input. A value below 2^31 times a weight of at most 2^24 fits 56 bits.
@_noAllocation @_noLocks
func window(
  _ samples: UnsafePointer<Int32>, count: Int, _ window_q24: UnsafePointer<Int32>, blockShift: Int32,
  to output: UnsafeMutablePointer<Int32>
) {
  let half = count &>> 1
  let shift = Int64(24 &- blockShift)
  for n in 0..<half {
    let even = product(samples[2 &* n], window_q24[2 &* n])
    let odd = product(samples[2 &* n &+ 1], window_q24[2 &* n &+ 1])
    output[n] = roundedShiftToInt32(even, rightBy: shift)
    output[n &+ 256] = roundedShiftToInt32(odd, rightBy: shift)
  }
  for n in half..<256 {
    output[n] = 0
    output[n &+ 256] = 0
  }
}
