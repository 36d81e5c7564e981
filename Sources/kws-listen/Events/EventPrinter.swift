import CommandSupport

/// Prints a loop's events as they come, until it has finished.
struct EventPrinter {
  private let text: EventText
  private let output: StandardOutput
  /// Keywords printed.
  private(set) var keywordCount = 0

  init(text: EventText, output: StandardOutput) {
    self.text = text
    self.output = output
  }

  /// - Parameter onOverrun: told about each overrun, for the message on standard error.
  /// - Throws: ClosedPipe or Failure when an event cannot be printed. The loop still runs then.
  mutating func run(
    _ loop: ListenLoop, stop: StopRequest, onOverrun: (_ count: Int, _ sample: Int64) -> Void
  ) throws {
    while true {
      // In this order: what came in before the end is still printed.
      let isLast = loop.isFinished
      while let event = loop.ring.pop() {
        if event.kind == .keyword { keywordCount += 1 }
        if event.kind == .overrun { onOverrun(Int(event.count), event.sample) }
        guard let line = text.line(event) else { continue }
        try output.write(line)
        try output.flush(unless: stop)
      }
      if isLast { return }
      loop.wakePipe.wait()
    }
  }
}
