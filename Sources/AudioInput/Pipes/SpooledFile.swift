import Glibc

/// A pipe's bytes, to their end, in a file that nobody else sees: for formats whose decoder must go back and forth.
enum SpooledFile {
  /// More is no recording that somebody pipes, but a stream that does not end.
  static let limit_bytes: Int64 = 1 << 31

  static func bytes(of pipe: PipeBytes, name: String) throws(AudioError) -> FileBytes {
    guard let file = tmpfile() else { throw failure(errno, name) }
    defer { fclose(file) }
    let descriptor = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else { throw failure(errno, name) }
    var size: Int64 = 0
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while case let got = block.withUnsafeMutableBytes({ pipe.readAvailable(into: $0.baseAddress!, count: $0.count) }),
      got > 0
    {
      size += Int64(got)
      guard size <= limit_bytes else {
        close(descriptor)
        throw AudioError(
          .unsupported, name, "is longer than 2 GiB in a format that cannot be decoded as it comes; give it as a file")
      }
      let code = write(block[..<got], to: descriptor)
      guard code == 0 else {
        close(descriptor)
        throw failure(code, name)
      }
    }
    if pipe.failure != 0 {
      close(descriptor)
      throw .system(pipe.failure, name)
    }
    return FileBytes(descriptor: descriptor, size: size)
  }

  /// - Returns: 0, or why it could not be written.
  private static func write(_ block: ArraySlice<UInt8>, to descriptor: Int32) -> Int32 {
    block.withUnsafeBytes { bytes in
      var rest = bytes
      while !rest.isEmpty {
        let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { return written < 0 ? errno : ENOSPC }
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      }
      return 0
    }
  }

  private static func failure(_ code: Int32, _ name: String) -> AudioError {
    AudioError(
      .io, name,
      "has to be kept in a temporary file, which cannot be written (\(String(cString: strerror(code)))); free space in /tmp, or give it as a file"
    )
  }
}
