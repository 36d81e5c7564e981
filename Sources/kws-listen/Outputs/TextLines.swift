import CommandSupport
import KeywordSpotter

/// What an event is as a line; nil: not this format's concern.
protocol EventLines {
  /// - Parameter at: the time of day, where the sound is live.
  func line(_ event: ListenEvent, at: TimeOfDay?) -> String?
}

/// A line of text for each keyword: when, which word, its score, and where the model says so how probable it is.
struct TextLines: EventLines {
  let words: [String]

  func line(_ event: ListenEvent, at: TimeOfDay?) -> String? {
    guard case .keyword(let event) = event else { return nil }
    let probability = event.probability.map { "  " + probabilityText($0) } ?? ""
    let (time, score) = (decimalText(event.time_s, decimals: 2), decimalText(event.score, decimals: 2))
    return "\(time) s  \(words[event.word])  \(score)\(probability)\n"
  }
}

/// The word alone: what satellites read from their wake command.
struct WordLines: EventLines {
  let words: [String]

  func line(_ event: ListenEvent, at: TimeOfDay?) -> String? {
    guard case .keyword(let event) = event else { return nil }
    return words[event.word] + "\n"
  }
}
