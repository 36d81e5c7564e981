import Glibc

/// A pipe whose ends never block and are not inherited by child processes.
package struct PipeEnds: Sendable {
  package let read: Int32
  package let write: Int32

  package init() throws(Failure) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Failure("cannot make a pipe: \(systemMessage(errno))") }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    read = ends[0]
    write = ends[1]
  }

  /// Makes the other end readable. A full pipe is just that already.
  package func signal() {
    var byte: UInt8 = 1
    _ = Glibc.write(write, &byte, 1)
  }

  /// Waits until the pipe is readable, a signal comes, or the time is over (-1: never).
  @discardableResult
  package func wait(timeout_ms: Int32) -> Bool {
    var entry = pollfd(fd: read, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, timeout_ms) > 0
  }
}
