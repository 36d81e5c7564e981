import FileNames
import Glibc

/// Standard output, or another descriptor: collected until `flush`, then written as a whole.
///
/// Belongs to one thread.
package final class StandardOutput {
  package let descriptor: Int32
  /// In messages; nil for standard output.
  private let name: String?
  private var pending: [UInt8] = []

  /// - Parameters:
  ///   - descriptor: stays the caller's.
  ///   - name: of the file that it writes to.
  package init(descriptor: Int32 = STDOUT_FILENO, name: String? = nil) {
    self.descriptor = descriptor
    self.name = name
    pending.reserveCapacity(4096)
  }

  /// Adds text. Control characters but line breaks and tabs are written out, whatever they came from; names of files have their own
  /// bytes.
  ///
  /// - Throws: as `flush`, which it calls when much has come together.
  package func write(_ text: String) throws { try write(bytes: StandardOutput.bytes(of: text)) }

  /// What `write` writes.
  package static func bytes(of text: String) -> [UInt8] {
    fileNameBytes(visible(text, keeping: ["\n", "\t"], keepsNames: true))
  }

  /// - Throws: as `flush`, which it calls when much has come together.
  package func write(bytes: some Sequence<UInt8>) throws {
    pending.append(contentsOf: bytes)
    if pending.count >= 1 << 16 { try flush() }
  }

  /// Writes what has come together.
  ///
  /// - Parameter stop: where the reader is slow, a request ends the wait for it, and the rest is given up.
  /// - Returns: false where it was given up.
  /// - Throws: ClosedPipe when the reader has gone, Failure for anything else (a full disk).
  @discardableResult
  package func flush(unless stop: StopRequest? = nil) throws -> Bool {
    defer { pending.removeAll(keepingCapacity: true) }
    return try pending.withUnsafeBytes { bytes in
      var rest = bytes
      while !rest.isEmpty {
        guard let written = writeSome(rest, to: descriptor, unless: stop) else { return false }
        if written >= 0 {
          rest = UnsafeRawBufferPointer(rebasing: rest[written...])
          continue
        }
        switch errno {
        case EAGAIN:
          var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&entry, 1, -1)
        case EPIPE: throw ClosedPipe()
        default:
          let why = systemMessage(errno)
          throw Failure(name.map { "\($0): cannot be written: \(why)" } ?? "cannot write the results: \(why)")
        }
      }
      return true
    }
  }
}

/// One call of `write`, whatever signals come.
///
/// - Parameter stop: where the reader of a pipe is slow, a request ends the wait for it.
/// - Returns: how many bytes were written; -1 where none could be, and errno tells why; nil where a request ended the wait.
package func writeSome(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, unless stop: StopRequest?) -> Int? {
  while true {
    if let stop, !isWritable(descriptor, unless: stop) { return nil }
    // A pipe that is writable takes this much without blocking.
    let written = write(descriptor, bytes.baseAddress, stop == nil ? bytes.count : min(bytes.count, 4096))
    if written >= 0 || errno != EINTR { return written }
  }
}

/// Waits for the reader of a pipe, or for a request to stop.
///
/// - Returns: whether it can be written to. An error counts as that: the write will tell.
private func isWritable(_ descriptor: Int32, unless stop: StopRequest) -> Bool {
  var entries = [
    pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0),
    pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0),
  ]
  while poll(&entries, 2, -1) < 0 && errno == EINTR && !stop.isRequested {}
  return entries[0].revents != 0
}
