import SiLIF

/// What the classes of a clip have, step by step and at its end.
///
/// Twins: tools/silif_tools/integer/clip_scores.py
extension ClipRule {
  /// Takes a step that the network and the detector have done.
  ///
  /// - Parameters:
  ///   - network: with this step's probabilities.
  ///   - detector: with this step's sums over its window; not looked at without a rule.
  ///   - sums_q15: of each class, [classes], 0 before the first step: the largest sum over the window so far; without a rule the
  ///     probabilities of all steps.
  @_noAllocation @_noLocks
  public func add(
    _ network: borrowing Network, _ detector: borrowing Detector, to sums_q15: UnsafeMutableBufferPointer<Int64>
  ) {
    for index in 0..<sums_q15.count {
      if exists {
        sums_q15[index] = max(sums_q15[index], Int64(detector.sum_q15(ofClass: index)))
      } else {
        sums_q15[index] &+= Int64(network.probabilities_q15[index])
      }
    }
  }

  /// Ends a clip: turns sums into each class's score times the steps.
  ///
  /// - Parameters:
  ///   - sums_q15: as `add` left them, [classes].
  ///   - steps: of the clip.
  /// - Returns: the class with the largest score, the first of equals.
  @_noAllocation @_noLocks
  public func finish(_ sums_q15: UnsafeMutableBufferPointer<Int64>, steps: Int) -> Int {
    var winner = 0
    for index in 0..<sums_q15.count {
      if exists {
        let score_q15 = score_q15(bestSum: Int32(truncatingIfNeeded: sums_q15[index]), ofClass: index)
        sums_q15[index] = Int64(score_q15) &* Int64(steps)
      }
      if sums_q15[index] > sums_q15[winner] { winner = index }
    }
    return winner
  }
}
