import FixedPoint

extension LogMelSettings {
  /// Adds up each band's bins and takes the logarithm.
  ///
  /// All bins together hold at most 512·Σ(sample²) ≤ 2^9·2^46·255 < 2^63 (Parseval), 2^16 times less here; with weights of
  /// at most 2^15 a band stays below 2^62.
  ///
  /// The energy has twice the fractional bits of the windowed samples, 30 + blockShift for audio scaled to ±1, less the
  /// power's 16, and the weights' 15.
  @_noAllocation @_noLocks
  func writeLogEnergies(
    of power: UnsafePointer<Int64>, blockShift: Int32, logarithm: Logarithm, to frame: UnsafeMutablePointer<Int16>
  ) {
    let fractionBits = 2 &* (30 &+ blockShift) &- 16 &+ 15
    let outputShift = 24 &- Int32(truncatingIfNeeded: outputFractionBits)
    var weights = weights_q15
    for band in 0..<bandCount {
      let bins = power + Int(bands[band].firstBin)
      let count = Int(bands[band].binCount)
      var energy: Int64 = 0
      for i in 0..<count { energy = sum(energy, plus: bins[i], times: Int32(weights[i])) }
      weights += count
      if energy > 0 {
        let log = roundedShift(logarithm(energy, fractionBits: fractionBits), rightBy: outputShift)
        frame[band] = Int16(truncatingIfNeeded: max(log, Int32(logFloor)))
      } else {
        frame[band] = logFloor
      }
    }
  }
}
