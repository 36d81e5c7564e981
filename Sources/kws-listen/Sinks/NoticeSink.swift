import AudioInput
import CommandSupport

/// A notice on standard error for each loss of sound.
struct NoticeSink: EventSink {
  func write(_ event: ListenEvent) throws {
    guard case .overrun(let count, let position) = event else { return }
    let time = decimalText(Double(position) / Double(outputRate_hz), decimals: 2)
    Diagnostics.say(
      "overrun \(count) at \(time) s: sound was lost, the warm-up begins anew", command: "kws-listen")
  }
}
