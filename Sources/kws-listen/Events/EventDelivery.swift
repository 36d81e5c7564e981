import CommandSupport

/// Hands a loop's events to all sinks as they come, until it has finished.
struct EventDelivery {
  private let sinks: [any EventSink]
  /// Keywords delivered.
  private(set) var keywordCount = 0

  /// - Parameter sinks: each event goes to the first, then to the second, and so on.
  init(to sinks: [any EventSink]) { self.sinks = sinks }

  /// - Throws: what a sink throws; ClosedPipe as soon as somebody who read from one has gone. The loop still runs then.
  mutating func run(_ loop: ListenLoop) throws {
    let readers = sinks.compactMap(\.outputDescriptor)
    while true {
      // In this order: what came in before the end is still delivered.
      let isLast = loop.isFinished
      while let event = loop.ring.pop() {
        if case .keyword = event { keywordCount += 1 }
        for sink in sinks { try sink.write(event) }
      }
      if isLast { return }
      guard loop.wakePipe.wait(watching: readers) else { throw ClosedPipe() }
    }
  }
}
