import FixedPoint

// The functions behind the resampler's filters, in 64-bit fixed point: no libm, so the same bits on every machine.
//
// Twins: tools/silif_tools/integer/resampler.py

private let halfPi_q30: Int64 = 1_686_629_713
private let twoPi_q30: Int64 = 6_746_518_852
/// (beta / 2)^2 of a Kaiser window with beta = 7.857: a stop band 80 dB down.
private let betaHalfSquared_q24: Int64 = 258_924_658

/// sin(2 pi x) in Q30 of x in turns, Q32, 0 <= x < 1; within 4 units of the last place.
func sine_q30(turn_q32: Int64) -> Int64 {
  let half = turn_q32 & ((1 << 31) - 1)
  let quarter = half > 1 << 30 ? (1 << 31) - half : half
  let angle = roundedShift(quarter * halfPi_q30, rightBy: 30)
  let square = roundedShift(angle * angle, rightBy: 30)
  var result: Int64 = 1 << 30
  // Taylor's series, innermost term first: the divisors are 14·15, 12·13, ... 2·3.
  result = (1 << 30) - roundedShift(square * result, rightBy: 30) / 210
  result = (1 << 30) - roundedShift(square * result, rightBy: 30) / 156
  result = (1 << 30) - roundedShift(square * result, rightBy: 30) / 110
  result = (1 << 30) - roundedShift(square * result, rightBy: 30) / 72
  result = (1 << 30) - roundedShift(square * result, rightBy: 30) / 42
  result = (1 << 30) - roundedShift(square * result, rightBy: 30) / 20
  result = (1 << 30) - roundedShift(square * result, rightBy: 30) / 6
  let magnitude = roundedShift(angle * result, rightBy: 30)
  return turn_q32 >> 31 != 0 ? -magnitude : magnitude
}

/// I0(beta · sqrt(1 - (k / halfWidth)^2)) in Q20: a Kaiser window that is not scaled to 1, as each row is scaled later.
func kaiser_q20(_ k: Int64, halfWidth: Int64) -> Int64 {
  let square = halfWidth * halfWidth
  let y_q24 = betaHalfSquared_q24 * (square - k * k) / square
  var term: Int64 = 1 << 26
  var total = term
  for m: Int64 in 1...20 {  // the 21st term is below 2^-40
    term = ((term * y_q24) >> 24) / (m * m)
    total += term
  }
  return total >> 6
}

/// sin(2 pi f k / phases) · phases / k in Q30, for k >= 0 steps of 1 / phases input samples and the cut-off
/// f = cutoff / cutoffScale in cycles per input sample.
func sinc_q30(_ k: Int64, cutoff: Int64, cutoffScale: Int64, phases: Int64) -> Int64 {
  guard k > 0 else { return (twoPi_q30 * cutoff + cutoffScale / 2) / cutoffScale }
  let period = cutoffScale * phases
  // Exact reduction to one turn: the argument never loses precision, however long the filter.
  let sine = sine_q30(turn_q32: (((cutoff * k) % period) << 32) / period)
  let magnitude = sine.magnitude
  let result = Int64(magnitude) * phases / k
  return sine < 0 ? -result : result
}
