/// Events as lines of some format, to some output.
final class LineSink: EventSink {
  private let format: any EventLines
  private let output: any LineOutput
  private let clock: () -> TimeOfDay?

  /// - Parameter clock: the time of day that events get; nil for sound that is not live.
  init(_ format: any EventLines, to output: any LineOutput, clock: @escaping () -> TimeOfDay?) {
    self.format = format
    self.output = output
    self.clock = clock
  }

  var outputDescriptor: Int32? { output.outputDescriptor }
  var listeningDescriptor: Int32? { output.listeningDescriptor }

  func write(_ event: ListenEvent) throws {
    if let line = format.line(event, at: clock()) { try output.write(line) }
  }

  func admit() { output.admit() }

  func reopen() { output.reopen() }

  /// Lines that nobody will read.
  var lostCount: Int { output.lostCount }
}
