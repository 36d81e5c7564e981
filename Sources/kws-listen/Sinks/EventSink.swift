import CommandSupport

/// Where events go. One more is a file here and a line in `ListenSession.makeSinks`.
///
/// All sinks are written to by one thread, which is not the audio thread: a sink may wait, but what it waits for, all wait for.
protocol EventSink {
  /// Writes an event that is this sink's concern; others it passes over.
  ///
  /// - Throws: ClosedPipe when the reader has gone, which ends the command in peace; Failure for anything else.
  func write(_ event: ListenEvent) throws

  /// What somebody else reads from, where there is such a thing: when that reader goes, the command ends at once, not at the
  /// next event.
  var outputDescriptor: Int32? { get }

  /// What others connect to, where there is such a thing. They are let in by `admit`, at once, not at the next event.
  var listeningDescriptor: Int32? { get }
  /// Comes after each wait: somebody may have connected.
  func admit()

  /// SIGHUP: files are closed and opened again.
  func reopen()
  /// SIGCHLD: a command that was started has ended.
  func childEnded()
  /// Comes every half second at least, where a service manager wants to know that the command is alive.
  func tick()
  /// The sound has ended, and no event will come any more.
  ///
  /// - Parameter isInterrupted: by a signal, so that nothing is to be waited for.
  func finish(isInterrupted: Bool)
  /// What this sink has to say with `--stats`.
  var statistics: [(key: String, value: JSONValue)] { get }
}

extension EventSink {
  var outputDescriptor: Int32? { nil }
  var listeningDescriptor: Int32? { nil }
  func admit() {}
  func reopen() {}
  func childEnded() {}
  func tick() {}
  func finish(isInterrupted: Bool) {}
  var statistics: [(key: String, value: JSONValue)] { [] }
}
