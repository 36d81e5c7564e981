import Glibc

/// Standard output, or another descriptor: collected until `flush`, then written as a whole.
///
/// Belongs to one thread.
public final class StandardOutput {
  private let descriptor: Int32
  private var pending: [UInt8] = []

  public init(descriptor: Int32 = STDOUT_FILENO) {
    self.descriptor = descriptor
    pending.reserveCapacity(4096)
  }

  /// - Throws: as `flush`, which it calls when much has come together.
  public func write(_ text: String) throws { try write(bytes: text.utf8) }

  /// - Throws: as `flush`, which it calls when much has come together.
  public func write(bytes: some Sequence<UInt8>) throws {
    pending.append(contentsOf: bytes)
    if pending.count >= 1 << 16 { try flush() }
  }

  /// Writes what has come together.
  ///
  /// - Parameter isStopped: asked when a signal interrupts a write; true gives the rest up.
  /// - Throws: ClosedPipe when the reader has gone, Failure for anything else (a full disk).
  public func flush(unless isStopped: () -> Bool = { false }) throws {
    defer { pending.removeAll(keepingCapacity: true) }
    try pending.withUnsafeBytes { bytes in
      var rest = bytes
      while !rest.isEmpty {
        let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if written >= 0 {
          rest = UnsafeRawBufferPointer(rebasing: rest[written...])
          continue
        }
        switch errno {
        case EINTR: if isStopped() { return }
        case EAGAIN:
          var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&entry, 1, -1)
          if isStopped() { return }
        case EPIPE: throw ClosedPipe()
        default: throw Failure("cannot write the results: \(systemMessage(errno))")
        }
      }
    }
  }
}
