import Glibc
import Synchronization

/// Standard error: everything that is not a result. Nothing waits for it: where nobody reads a full pipe, messages are lost.
package enum Diagnostics {
  /// One line, with the command's name before it as is the custom. Control characters are written out.
  package static func say(_ message: String, command: String) {
    let lost = lostMessages.exchange(0, ordering: .relaxed)
    if lost > 0 && !send("\(command): \(lost) message\(lost == 1 ? "" : "s") lost because nobody read them\n") {
      lostMessages.wrappingAdd(lost, ordering: .relaxed)
    }
    if !send("\(command): \(visible(message))\n") { lostMessages.wrappingAdd(1, ordering: .relaxed) }
  }

  /// The text as it is. Nothing can be done where even standard error is closed.
  package static func write(_ text: String) { _ = send(text) }

  private static let lostMessages = Atomic<Int>(0)
  /// Whether the last message found nobody who reads.
  private static let isStalled = Atomic<Bool>(false)

  /// The first message that finds the pipe full waits for its reader this long, those after it do not.
  private static let patience_ms: Int32 = 1000
  /// A pipe that is writable takes this much without blocking (PIPE_BUF).
  private static let chunk_bytes = 4096

  /// - Returns: false where nobody reads.
  private static func send(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        var entry = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard poll(&entry, 1, isStalled.load(ordering: .relaxed) ? 0 : patience_ms) != 0 else {
          isStalled.store(true, ordering: .relaxed)
          return false
        }
        let written = Glibc.write(STDERR_FILENO, rest.baseAddress, min(rest.count, chunk_bytes))
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { return true }
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      }
      isStalled.store(false, ordering: .relaxed)
      return true
    }
  }

  /// Whether a person watches: only then is progress shown.
  package static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
