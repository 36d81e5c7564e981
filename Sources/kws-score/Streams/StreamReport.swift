import CommandSupport
import KeywordSpotter

/// A stream's score as text or JSON.
struct StreamReport {
  let modelPath: String
  let score: StreamScore
  let events: [KeywordEvent]
  /// The model's, by class.
  let words: [String]
  let audio_s: Double
  var elapsed_s = 0.0
  var isInterrupted = false

  private var audio_h: Double { audio_s / 3600 }
  private var sortedLatencies: [Double] { score.latencies_ms.sorted() }
  /// With no alarm in T hours, only a rate below 3/T is known (95 %).
  private var falseAlarmBound: Double? { score.falseAlarms == 0 && audio_h > 0 ? 3 / audio_h : nil }

  var json: JSONValue {
    let words = score.truth.count
    let latencies = sortedLatencies
    let latency: JSONValue =
      latencies.isEmpty
      ? .null
      : .object([
        ("median", .decimal(percentile(0.5, ofSorted: latencies)!, decimals: 1)),
        ("p95", .decimal(percentile(0.95, ofSorted: latencies)!, decimals: 1)),
      ])
    return .object([
      ("model", .string(modelPath)),
      ("words", .integer(words)),
      ("events", .integer(events.count)),
      ("hits", .integer(score.hits)),
      ("misses", .integer(score.misses)),
      ("wrong_words", .integer(score.wrongWords)),
      ("false_alarms", .integer(score.falseAlarms)),
      ("false_alarms_per_hour", .ratio(Double(score.falseAlarms), audio_h, decimals: 4)),
      ("false_alarms_per_hour_below", falseAlarmBound.map { .decimal($0, decimals: 4) } ?? .null),
      ("hit_rate", .ratio(Double(score.hits), Double(words), decimals: 6)),
      ("miss_rate", .ratio(Double(score.misses), Double(words), decimals: 6)),
      ("wrong_word_rate", .ratio(Double(score.wrongWords), Double(words), decimals: 6)),
      ("latency_ms", latency),
      ("audio_h", .decimal(audio_h, decimals: 6)),
      ("elapsed_s", .decimal(elapsed_s, decimals: 3)),
      ("interrupted", .bool(isInterrupted)),
    ])
  }

  var text: String {
    let words = score.truth.count
    var table = TextTable(leftColumns: 2)
    table.add(["model", modelPath])
    table.add(["words", "\(words) in \(decimalText(audio_h, decimals: 3)) h\(isInterrupted ? " (interrupted)" : "")"])
    table.add(["hits", "\(score.hits) (\(percentText(score.hits, of: words)))"])
    table.add(["misses", "\(score.misses) (\(percentText(score.misses, of: words)))"])
    table.add(["wrong words", "\(score.wrongWords) (\(percentText(score.wrongWords, of: words)))"])
    let rate = audio_h > 0 ? decimalText(Double(score.falseAlarms) / audio_h, decimals: 2) : "-"
    let bound = falseAlarmBound.map { "; 95 % certain: below \(decimalText($0, decimals: 2))" } ?? ""
    table.add(["false alarms", "\(score.falseAlarms) (\(rate) an hour\(bound))"])
    let latencies = sortedLatencies
    if let median = percentile(0.5, ofSorted: latencies), let late = percentile(0.95, ofSorted: latencies) {
      table.add([
        "latency",
        "median \(decimalText(median, decimals: 0)) ms, p95 \(decimalText(late, decimals: 0)) ms after the word's end",
      ])
    }
    table.add(["time", "\(decimalText(elapsed_s, decimals: 2)) s"])
    return table.text
  }

  /// One JSON line an event, with its verdict.
  var eventLines: String {
    zip(events, score.verdicts).map { event, verdict in
      JSONValue.object(event.jsonFields(words: words) + [("verdict", .string(verdict.rawValue))]).text + "\n"
    }.joined()
  }
}
