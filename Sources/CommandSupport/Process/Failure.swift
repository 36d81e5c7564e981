import Glibc

/// The work could not be done: the message goes to standard error and the exit code is 1.
package struct Failure: Error, Equatable {
  /// What is wrong and what to do, in one sentence, without the command's name.
  package let message: String

  package init(_ message: String) { self.message = message }
}

/// Whoever read the results has gone (`| head`): nothing is wrong and nobody is left to tell.
package struct ClosedPipe: Error {
  package init() {}
}

/// The system's words for an errno, in lower case as in the middle of a sentence.
package func systemMessage(_ code: Int32) -> String {
  let text = String(cString: strerror(code))
  return text.prefix(1).lowercased() + text.dropFirst()
}
