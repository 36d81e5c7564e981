import CommandSupport
import KeywordSpotter

/// What an event is as a line; nil: not this format's concern.
protocol EventLines {
  /// - Parameter at: the time of day, where the sound is live.
  func line(_ event: ListenEvent, at: TimeOfDay?) -> String?
}

/// A line of text for each keyword: when, which word, how sure.
struct TextLines: EventLines {
  let words: [String]

  func line(_ event: ListenEvent, at: TimeOfDay?) -> String? {
    guard case .keyword(let event) = event else { return nil }
    return
      "\(decimalText(event.time_s, decimals: 2)) s  \(words[event.word])  \(decimalText(event.score, decimals: 2))\n"
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
