import CommandSupport

/// Lets the first message pass and then one in every so many seconds, and counts those between.
struct RateLimit {
  private let interval_s: Double
  private var last_ns: UInt64?
  private var withheld = 0

  init(interval_s: Double) { self.interval_s = interval_s }

  /// How many were withheld since the last one that passed; nil: this one does not pass.
  mutating func pass(now_ns: UInt64 = MonotonicClock.now_ns) -> Int? {
    if let last_ns, Double(now_ns - last_ns) * 1e-9 < interval_s {
      withheld += 1
      return nil
    }
    last_ns = now_ns
    defer { withheld = 0 }
    return withheld
  }
}
