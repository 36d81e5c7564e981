import CommandSupport
import KeywordSpotter

/// A line of text for each keyword: when, which word, how sure.
struct TextSink: EventSink {
  let words: [String]
  let output: StandardOutput
  /// Ends the wait for a slow reader.
  let stop: StopRequest

  var outputDescriptor: Int32? { output.descriptor }

  func write(_ event: ListenEvent) throws {
    guard case .keyword(let event) = event else { return }
    try output.write(line(event))
    try output.flush(unless: stop)
  }

  func line(_ event: KeywordEvent) -> String {
    "\(decimalText(event.time_s, decimals: 2)) s  \(words[event.word])  \(decimalText(event.score, decimals: 2))\n"
  }
}
