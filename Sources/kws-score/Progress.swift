import CommandSupport
import Synchronization

/// A line on standard error that is written over and over, where a person watches; elsewhere one line for each SIGUSR1.
final class Progress: Sendable {
  private let isShown: Bool
  private let next_ns = Atomic<UInt64>(0)

  /// Ten times a second is as often as anybody reads.
  private static let interval_ns: UInt64 = 100_000_000

  init() { isShown = Diagnostics.isTerminal }

  func show(_ text: @autoclosure () -> String) {
    if StatusRequest.take() {
      clear()
      Diagnostics.say(text(), command: "kws-score")
    }
    guard isShown else { return }
    let now_ns = MonotonicClock.now_ns
    guard now_ns >= next_ns.load(ordering: .relaxed) else { return }
    next_ns.store(now_ns + Progress.interval_ns, ordering: .relaxed)
    Diagnostics.write("\r\u{1B}[K\(text())")
  }

  func clear() {
    if isShown { Diagnostics.write("\r\u{1B}[K") }
  }
}
