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

  /// Never blocks.
  func wake() { ends.signal() }

  /// Waits for a wake-up or a signal, and takes back all wake-ups there are.
  func wait() {
    ends.wait(timeout_ms: -1)
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { bytes in
      while read(ends.read, bytes.baseAddress, bytes.count) == bytes.count {}
    }
  }
}
