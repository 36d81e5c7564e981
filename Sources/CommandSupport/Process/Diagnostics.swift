import Glibc

/// Standard error: everything that is not a result.
package enum Diagnostics {
  /// One line, with the command's name before it as is the custom.
  package static func say(_ message: String, command: String) { write("\(command): \(message)\n") }

  /// The text as it is. Nothing can be done where even standard error is closed.
  package static func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let written = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { return }
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      }
    }
  }

  /// Whether a person watches: only then is progress shown.
  package static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
