import ArgumentParser

/// `--duration`: 30s, 500ms, 2m, 1h or plain seconds.
struct AudioDuration: ExpressibleByArgument, Equatable, Sendable {
  let seconds: Double

  init?(argument: String) {
    let units: [(suffix: String, seconds: Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)]
    for unit in units where argument.hasSuffix(unit.suffix) {
      guard let number = Double(argument.dropLast(unit.suffix.count)) else { return nil }
      let seconds = number * unit.seconds
      // A year: below it, any sample count fits with room to spare.
      guard seconds.isFinite, seconds > 0, seconds <= 366 * 86_400 else { return nil }
      self.seconds = seconds
      return
    }
    return nil
  }

  /// Rounded to whole samples, at least one.
  func samples(rate_hz: Int) -> Int64 { max(1, Int64((seconds * Double(rate_hz)).rounded())) }
}
