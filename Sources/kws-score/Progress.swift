import CommandSupport
import Synchronization

/// How far a batch is, how fast it goes and how long the rest will take.
///
/// - Parameter first: clips that were done before this run.
func progressText(done: Int, of count: Int, since first: Int = 0, elapsed_s: Double) -> String {
  let text = "\(done) of \(count) clips"
  guard done > first, elapsed_s > 0 else { return text }
  let rate = Double(done - first) / elapsed_s
  let left_s = Int((Double(count - done) / rate).rounded(.up))
  let (hours, minutes, seconds) = (left_s / 3600, left_s / 60 % 60, left_s % 60)
  let left = hours > 0 ? "\(hours) h \(minutes) min" : minutes > 0 ? "\(minutes) min \(seconds) s" : "\(seconds) s"
  return "\(text), \(decimalText(rate, decimals: rate < 10 ? 1 : 0)) clips/s, \(left) left"
}

/// Twenty places, as many of them filled as the share of the work that is done.
func progressBar(done: Int, of count: Int) -> String {
  let places = 20
  let filled = count > 0 ? min(max(done, 0), count) * places / count : 0
  return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: places - filled) + "]"
}

/// A line on standard error that is written over and over, where a person watches; elsewhere one line for each SIGUSR1.
final class Progress: Sendable {
  private let isShown: Bool
  private let next_ns = Atomic<UInt64>(0)

  /// Ten times a second is as often as anybody reads.
  private static let interval_ns: UInt64 = 100_000_000

  init() { isShown = Diagnostics.isTerminal }

  /// - Parameter bar: what stands before the text on a terminal.
  func show(_ text: @autoclosure () -> String, bar: @autoclosure () -> String = "") {
    if StatusRequest.take() {
      clear()
      Diagnostics.say(text(), command: "kws-score")
    }
    guard isShown else { return }
    let now_ns = MonotonicClock.now_ns
    guard now_ns >= next_ns.load(ordering: .relaxed) else { return }
    next_ns.store(now_ns + Progress.interval_ns, ordering: .relaxed)
    let bar = bar()
    Diagnostics.write("\r\u{1B}[K\(bar)\(bar.isEmpty ? "" : " ")\(text())")
  }

  func clear() {
    if isShown { Diagnostics.write("\r\u{1B}[K") }
  }
}
