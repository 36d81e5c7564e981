import AudioInput
import CommandSupport

/// A notice on standard error for each loss of sound, and for a source that gives none.
struct NoticeSink: EventSink {
  func write(_ event: ListenEvent) throws {
    switch event {
    case .keyword: return
    case .overrun(let count, let position):
      say("overrun \(count) at \(time(position)) s: sound was lost, the warm-up begins anew")
    case .silence(let position):
      say("only silence in the first \(time(position)) s: is the microphone muted, or the wrong one?")
    }
  }

  private func time(_ position: Int64) -> String {
    decimalText(Double(position) / Double(outputRate_hz), decimals: 2)
  }

  private func say(_ message: String) {
    Diagnostics.say(message, command: "kws-listen")
  }
}
