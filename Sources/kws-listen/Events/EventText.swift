import AudioInput
import CommandSupport

/// How events are printed.
struct EventText: Sendable {
  let words: [String]
  let format: OutputFormat

  init(words: [String], format: OutputFormat) {
    self.words = words
    self.format = format
  }

  /// The event's line, or nil where it does not belong on standard output: text is for keywords only.
  func line(_ event: ListenEvent) -> String? {
    let time_s = Double(event.sample) / Double(outputRate_hz)
    let score = Double(event.score_q15) / 32768
    switch (event.kind, format) {
    case (.keyword, .text):
      return "\(decimalText(time_s, decimals: 2)) s  \(words[Int(event.word)])  \(decimalText(score, decimals: 2))\n"
    case (.overrun, .text): return nil
    case (.keyword, .json):
      return JSONValue.object([
        ("event", .string("keyword")), ("word", .string(words[Int(event.word)])),
        ("score", .decimal(score, decimals: 4)), ("time_s", .decimal(time_s, decimals: 4)),
        ("sample", .integer(event.sample)),
      ]).text + "\n"
    case (.overrun, .json):
      return JSONValue.object([
        ("event", .string("overrun")), ("count", .integer(Int64(event.count))),
        ("time_s", .decimal(time_s, decimals: 4)), ("sample", .integer(event.sample)),
      ]).text + "\n"
    }
  }
}
