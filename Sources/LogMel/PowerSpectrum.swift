import FixedPoint

/// From the complex transform of a real signal's even and odd samples to |X|²/2^16 in bins 0...255.
///
/// With E and O the transforms of the even and the odd samples and W = exp(-2πi/512), X[k] = E[k] + W^k·O[k] and
/// X[256-k] is the conjugate of E[k] - W^k·O[k]. The limits on the window keep 2E, 2O and X below 2^31 - 2^16, which
/// leaves room for the transform's errors; hence re² + im² = |X|² < 2^62.
@_noAllocation @_noLocks
func powerSpectrum(
  _ z: UnsafePointer<Int32>, splitTwiddles: UnsafePointer<Int32>, to power: UnsafeMutablePointer<Int64>
) {
  power[0] = squaredMagnitude(z[0] &+ z[256], 0)
  power[128] = squaredMagnitude(z[128], z[384])
  for k in 1..<128 {
    let lowRe = z[k]
    let lowIm = z[k &+ 256]
    let highRe = z[256 &- k]
    let highIm = z[512 &- k]
    let evenRe = wide(lowRe &+ highRe) &<< 30
    let evenIm = wide(lowIm &- highIm) &<< 30
    let oddRe = lowIm &+ highIm
    let oddIm = highRe &- lowRe
    let cos = splitTwiddles[k]
    let sin = splitTwiddles[k &+ 128]
    let turnedRe = product(oddRe, cos) &- product(oddIm, sin)
    let turnedIm = product(oddRe, sin) &+ product(oddIm, cos)
    // One bit more than the roots' 30 halves 2E and 2O.
    power[k] = squaredMagnitude(
      roundedShiftToInt32(evenRe &+ turnedRe, rightBy: 31), roundedShiftToInt32(evenIm &+ turnedIm, rightBy: 31))
    power[256 &- k] = squaredMagnitude(
      roundedShiftToInt32(evenRe &- turnedRe, rightBy: 31), roundedShiftToInt32(turnedIm &- evenIm, rightBy: 31))
  }
}

@_noAllocation @_noLocks @inline(__always)
private func squaredMagnitude(_ re: Int32, _ im: Int32) -> Int64 {
  // Not negative, so the logical shift, which every vector unit has, is the arithmetic one.
  let square = UInt64(bitPattern: product(re, re) &+ product(im, im))
  return Int64(bitPattern: roundedShift(square, rightBy: 16))
}
