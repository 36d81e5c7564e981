import CommandSupport

/// Hands a loop's events to all sinks as they come, until it has finished.
struct EventDelivery {
  private let sinks: [any EventSink]
  private let signals: Signals?
  private let stopsAfterKeyword: Bool
  private let question: () -> Void
  private let ticks: Bool
  private var nearMisses = NearMisses()
  private var counts = (hangups: 0, questions: 0, endedChildren: 0)
  /// Keywords delivered.
  private(set) var keywordCount = 0
  /// When the last of them was decided, in samples.
  private(set) var lastPosition: Int64 = 0

  /// - Parameters:
  ///   - sinks: each event goes to the first, then to the second, and so on.
  ///   - signals: what also wakes this thread.
  ///   - stopsAfterKeyword: the first keyword is the last.
  ///   - question: what SIGUSR1 asks for.
  ///   - ticks: whether sinks get `tick`.
  init(
    to sinks: [any EventSink], signals: Signals? = nil, stopsAfterKeyword: Bool = false,
    question: @escaping () -> Void = {}, ticks: Bool = false
  ) {
    self.ticks = ticks
    self.sinks = sinks
    self.signals = signals
    self.stopsAfterKeyword = stopsAfterKeyword
    self.question = question
  }

  /// - Throws: what a sink throws; ClosedPipe as soon as somebody who read from one has gone. The loop still runs then.
  mutating func run(_ loop: ListenLoop) throws {
    let readers = sinks.compactMap(\.outputDescriptor)
    while true {
      // In this order: what came in before the end is still delivered.
      let isLast = loop.isFinished
      while let event = loop.ring.pop() {
        for sorted in nearMisses.sorted(event) { try deliver(sorted) }
        if stopsAfterKeyword && keywordCount > 0 { return }
      }
      if isLast {
        for event in nearMisses.rest() { try deliver(event) }
        return
      }
      answerSignals()
      if ticks { for sink in sinks { sink.tick() } }
      let listening = sinks.compactMap(\.listeningDescriptor)
      guard loop.wakePipe.wait(watching: readers, listening: listening, timeout_ms: ticks ? 500 : -1) else {
        throw ClosedPipe()
      }
      for sink in sinks { sink.admit() }
    }
  }

  private mutating func deliver(_ event: ListenEvent) throws {
    if case .keyword(let keyword) = event {
      keywordCount += 1
      lastPosition = keyword.position
    }
    for sink in sinks { try sink.write(event) }
  }

  private mutating func answerSignals() {
    guard let now = signals?.counts else { return }
    if now.hangups != counts.hangups { for sink in sinks { sink.reopen() } }
    if now.endedChildren != counts.endedChildren { for sink in sinks { sink.childEnded() } }
    if now.questions != counts.questions { question() }
    counts = now
  }
}
