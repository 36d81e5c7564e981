import CommandSupport

/// Collects durations in memory that is reserved before the first.
struct StepTimer {
  private var durations_ns: [UInt64] = []
  private let start_ns = MonotonicClock.threadTime_ns

  init(steps: Int) { durations_ns.reserveCapacity(steps) }

  @inline(__always)
  mutating func time<Result>(_ body: () -> Result) -> Result {
    let start_ns = MonotonicClock.now_ns
    let result = body()
    durations_ns.append(MonotonicClock.now_ns - start_ns)
    return result
  }

  /// To be asked for right after the last step: the mean is over the time since the timer was made.
  var timings: Timings { Timings(durations_ns, computed_ns: MonotonicClock.threadTime_ns - start_ns) }

  /// The same without the mean, for a timer that is not the only one.
  var timingsWithoutMean: Timings { Timings(durations_ns, computed_ns: nil) }

  /// What reading the clock itself costs: it is contained in every duration.
  static var clock_us: Double {
    var timer = StepTimer(steps: 1000)
    for _ in 0..<1000 { timer.time {} }
    return timer.timings.median_us
  }
}
