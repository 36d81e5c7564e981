import AudioInput
import CommandSupport

/// Notices on standard error of losses of sound, of each cause at most one in ten seconds.
final class NoticeSink: EventSink {
  private let device: String
  private let tell: (String) -> Void
  private var gaps: [SoundLoss.Cause: RateLimit] = [:]
  private var losses: [SoundLoss.Cause: RateLimit] = [:]

  /// - Parameter device: its name, for the notices.
  init(device: String, say: @escaping (String) -> Void) {
    self.device = device
    tell = say
  }

  func write(_ event: ListenEvent) throws {
    switch event {
    case .keyword, .nearMiss, .gated, .level: break
    case .gap(let gap):
      if let withheld = gaps[gap.loss.cause, default: RateLimit(interval_s: 10)].pass() { say(text(gap), withheld) }
    case .deviceLost(let cause, _):
      if let withheld = losses[cause, default: RateLimit(interval_s: 10)].pass() { say(text(cause), withheld) }
    }
  }

  func text(_ cause: SoundLoss.Cause) -> String {
    switch cause {
    case .gone: "\(device) has gone (unplugged?); waiting until it is back"
    case .still: "\(device) has stopped giving sound; opening it again"
    case .absent: "\(device) cannot be opened yet; waiting for it"
    default: "\(device) failed; opening it again"
    }
  }

  func text(_ gap: Gap) -> String {
    let lost = decimalText(Double(gap.loss.lost_samples) / Double(outputRate_hz), decimals: 2)
    let time = decimalText(Double(gap.position) / Double(outputRate_hz), decimals: 2)
    let after = gap.isReset ? "the network begins anew" : "filled with silence"
    return switch gap.loss.cause {
    case .absent: "\(device) is there, after \(lost) s"
    case .failed, .gone, .still: "\(device) is back, after \(lost) s; \(after)"
    case .overrun: "overrun \(gap.count) at \(time) s: the machine was too busy, \(lost) s of sound lost; \(after)"
    case .suspend: "the machine slept at \(time) s, \(lost) s of sound lost; \(after)"
    case .error: "\(device) reported an error at \(time) s, \(lost) s of sound lost; \(after)"
    }
  }

  private func say(_ text: String, _ withheld: Int) {
    let more = withheld == 0 ? "" : " (\(withheld) more such since the last notice)"
    tell(text + more)
  }
}
