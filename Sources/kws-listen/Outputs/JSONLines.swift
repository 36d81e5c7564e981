import AudioInput
import CommandSupport

/// A JSON object a line for each keyword and each loss of sound.
struct JSONSink: EventSink {
  let words: [String]
  let output: StandardOutput
  /// Ends the wait for a slow reader.
  let stop: StopRequest

  var outputDescriptor: Int32? { output.descriptor }

  func write(_ event: ListenEvent) throws {
    guard let line = line(event) else { return }
    try output.write(line)
    try output.flush(unless: stop)
  }

  func line(_ event: ListenEvent) -> String? {
    switch event {
    case .keyword(let event):
      JSONValue.object(event.jsonFields(words: words) + [("sample", .integer(event.position))]).text + "\n"
    case .gap(let gap):
      // `overrun` was the first cause there was; it stays the name of the event for what loses sound while the device runs.
      JSONValue.object([
        ("event", .string(gap.loss.cause.endsDevice ? "device_back" : "overrun")), ("count", .integer(gap.count)),
        ("cause", .string(gap.loss.cause.rawValue)),
        ("lost_s", .decimal(Double(gap.loss.lost_samples) / Double(outputRate_hz), decimals: 3)),
        ("filled_s", .decimal(Double(gap.filled_samples) / Double(outputRate_hz), decimals: 3)),
        ("reset", .bool(gap.isReset)),
        ("time_s", .decimal(Double(gap.position) / Double(outputRate_hz), decimals: 4)),
        ("sample", .integer(gap.position)),
      ]).text + "\n"
    case .deviceLost(let cause, let position):
      JSONValue.object([
        ("event", .string("device_lost")), ("cause", .string(cause.rawValue)),
        ("time_s", .decimal(Double(position) / Double(outputRate_hz), decimals: 4)), ("sample", .integer(position)),
      ]).text + "\n"
    case .level: nil
    }
  }
}
