import CommandSupport

/// Durations of one stage, one for each step.
struct Timings {
  private let sorted_us: [Double]
  /// Of the time that the thread computed, so that other programs don't count; nil where that is not known.
  let mean_us: Double?

  init(_ durations_ns: [UInt64], computed_ns: UInt64?) {
    sorted_us = durations_ns.map { Double($0) / 1000 }.sorted()
    mean_us = computed_ns.map { durations_ns.isEmpty ? 0 : Double($0) / Double(durations_ns.count) / 1000 }
  }

  var median_us: Double { percentile(0.5, ofSorted: sorted_us) ?? 0 }
  var p95_us: Double { percentile(0.95, ofSorted: sorted_us) ?? 0 }
  var p999_us: Double { percentile(0.999, ofSorted: sorted_us) ?? 0 }
  /// By the clock on the wall: interruptions count.
  var worst_us: Double { sorted_us.last ?? 0 }

  var json: JSONValue {
    .object([
      ("median_us", .decimal(median_us, decimals: 3)),
      ("mean_us", mean_us.map { .decimal($0, decimals: 3) } ?? .null),
      ("p95_us", .decimal(p95_us, decimals: 3)),
      ("p999_us", .decimal(p999_us, decimals: 3)),
      ("worst_us", .decimal(worst_us, decimals: 3)),
    ])
  }
}
