import Glibc

/// Wakes a waiting thread.
public final class WakePipe: Sendable {
  private let ends: PipeEnds

  public init() throws(Failure) { ends = try PipeEnds() }

  deinit {
    close(ends.read)
    close(ends.write)
  }

  /// Never blocks.
  public func wake() { ends.signal() }

  /// Waits for a wake-up or a signal, and takes back all wake-ups there are.
  public func wait() {
    ends.wait(timeout_ms: -1)
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { bytes in
      while read(ends.read, bytes.baseAddress, bytes.count) == bytes.count {}
    }
  }
}
