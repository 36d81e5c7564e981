/// The work could not be done: the message goes to standard error and the exit code is 1.
public struct Failure: Error, Equatable {
  /// What is wrong and what to do, in one sentence, without the command's name.
  public let message: String

  public init(_ message: String) { self.message = message }
}

/// Whoever read the results has gone (`| head`): nothing is wrong and nobody is left to tell.
public struct ClosedPipe: Error {
  public init() {}
}
