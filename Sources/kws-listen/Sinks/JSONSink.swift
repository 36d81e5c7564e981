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
    case .overrun(let count, let position):
      JSONValue.object([
        ("event", .string("overrun")), ("count", .integer(count)),
        ("time_s", .decimal(Double(position) / Double(outputRate_hz), decimals: 4)), ("sample", .integer(position)),
      ]).text + "\n"
    case .silence: nil
    }
  }
}
