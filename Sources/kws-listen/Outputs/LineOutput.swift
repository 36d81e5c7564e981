import CommandSupport

/// Where lines go. All are written to by the thread that delivers events.
protocol LineOutput: AnyObject {
  /// - Parameter line: with its line end.
  /// - Throws: ClosedPipe when the only reader has gone, which ends the command in peace; Failure where nothing can be written.
  func write(_ line: String) throws
  /// What somebody else reads from, where there is such a thing (see `EventSink`).
  var outputDescriptor: Int32? { get }
  /// What others connect to, where there is such a thing (see `EventSink`).
  var listeningDescriptor: Int32? { get }
  /// Lets in who has connected.
  func admit()
  /// Closes and opens again what has a name: whoever rotates logs has moved it.
  func reopen()
  /// Lines that nobody will read, where that does not end the command.
  var lostCount: Int { get }
}

extension LineOutput {
  var listeningDescriptor: Int32? { nil }
  func admit() {}
  var lostCount: Int { 0 }
}

/// Standard output. Whoever reads it may be slow: the wait ends when a stop is requested.
final class StandardLines: LineOutput {
  private let output: StandardOutput
  private let stop: StopRequest

  init(_ output: StandardOutput = StandardOutput(), stop: StopRequest) {
    self.output = output
    self.stop = stop
  }

  func write(_ line: String) throws {
    try output.write(line)
    try output.flush(unless: stop)
  }

  var outputDescriptor: Int32? { output.descriptor }

  func reopen() {}
}
