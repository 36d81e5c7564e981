import AudioInput
import CommandSupport
import KeywordSpotter

/// A JSON object a line for each keyword and each loss of sound.
struct JSONLines: EventLines {
  let words: [String]

  func line(_ event: ListenEvent, at: TimeOfDay?) -> String? {
    let time: [(key: String, value: JSONValue)] = at.map { [("at", .string($0.text))] } ?? []
    return fields(event).map { JSONValue.object($0 + time).text + "\n" }
  }

  private func fields(_ event: ListenEvent) -> [(key: String, value: JSONValue)]? {
    switch event {
    case .keyword(let event): event.jsonFields(words: words) + [("sample", .integer(event.position))]
    case .nearMiss(let event): fields("near_miss", event)
    case .gated(let event): fields("gated", event)
    case .gap(let gap):
      // `overrun` was the first cause there was; it stays the name of the event for what loses sound while the device runs.
      [
        ("event", .string(gap.loss.cause.endsDevice ? "device_back" : "overrun")), ("count", .integer(gap.count)),
        ("cause", .string(gap.loss.cause.rawValue)), ("lost_s", seconds(gap.loss.lost_samples, decimals: 3)),
        ("filled_s", seconds(gap.filled_samples, decimals: 3)), ("reset", .bool(gap.isReset)),
        ("time_s", seconds(gap.position)), ("sample", .integer(gap.position)),
      ]
    case .deviceLost(let cause, let position):
      [
        ("event", .string("device_lost")), ("cause", .string(cause.rawValue)), ("time_s", seconds(position)),
        ("sample", .integer(position)),
      ]
    case .level: nil
    }
  }

  /// What did not become a keyword has the fields of one.
  private func fields(_ name: String, _ event: KeywordEvent) -> [(key: String, value: JSONValue)] {
    [("event", .string(name))] + event.jsonFields(words: words).dropFirst() + [("sample", .integer(event.position))]
  }

  private func seconds(_ samples: Int64, decimals: Int = 4) -> JSONValue {
    .decimal(Double(samples) / Double(outputRate_hz), decimals: decimals)
  }
}
