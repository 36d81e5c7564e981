import CommandSupport
import Glibc

/// Wakes a waiting thread.
final class WakePipe: Sendable {
  private let ends: PipeEnds

  init() throws(Failure) { ends = try PipeEnds() }

  deinit {
    close(ends.read)
    close(ends.write)
  }

  /// For a signal handler to write a byte to.
  var descriptor: Int32 { ends.write }

  /// Never blocks.
  func wake() { ends.signal() }

  /// Waits for a wake-up, a signal, somebody who connects, or until a reader has gone, and takes back all wake-ups there are.
  ///
  /// - Parameters:
  ///   - outputs: descriptors of pipes and the like that somebody reads.
  ///   - listening: descriptors that others connect to.
  ///   - timeout_ms: the longest wait; -1 for no end.
  /// - Returns: whether all of them still have a reader.
  func wait(watching outputs: [Int32], listening: [Int32] = [], timeout_ms: Int32 = -1) -> Bool {
    // Errors are reported unasked.
    var entries = [pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0)]
    entries += outputs.map { pollfd(fd: $0, events: 0, revents: 0) }
    entries += listening.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    poll(&entries, nfds_t(entries.count), timeout_ms)
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { bytes in
      while read(ends.read, bytes.baseAddress, bytes.count) == bytes.count {}
    }
    return entries.dropFirst().prefix(outputs.count).allSatisfy { $0.revents == 0 }
  }
}
