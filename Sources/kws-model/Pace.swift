import CommandSupport

/// How long the rest of some work takes, told once, where it takes long.
struct Pace {
  private let steps: Int
  private let start_ns = MonotonicClock.now_ns
  private var isTold = false

  /// Shorter work is not worth a word.
  private static let patience_s = 2.0

  init(steps: Int) { self.steps = steps }

  /// Seconds that the rest takes at the pace so far: once, when two seconds are over.
  mutating func rest_s(after done: Int) -> Double? {
    // The largest networks take some ten milliseconds a step, the usual ones some ten microseconds.
    guard !isTold, done.isMultiple(of: 32) else { return nil }
    let elapsed_s = MonotonicClock.seconds(since: start_ns)
    guard elapsed_s > Pace.patience_s else { return nil }
    isTold = true
    return elapsed_s / Double(done) * Double(max(steps - done, 0))
  }
}
