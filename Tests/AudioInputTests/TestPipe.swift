import Foundation
import TestSupport

/// A pipe whose writing end a thread fills, in pieces, as a program would.
final class TestPipe: Sendable {
  let reading: Int32
  private let writing: Int32

  init() {
    signal(SIGPIPE, SIG_IGN)  // a reader may go first
    (reading, writing) = privatePipe()
  }

  deinit { close(reading) }

  func write(_ bytes: [UInt8]) {
    var at = 0
    while at < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(writing, $0.baseAddress! + at, bytes.count - at) }
      guard count > 0 else { return }
      at += count
    }
  }

  func finish() { close(writing) }

  /// In the background, so many bytes at a time, then the end.
  func send(_ bytes: [UInt8], piece: Int = 1_000) {
    let thread = Thread { [self] in
      for at in stride(from: 0, to: bytes.count, by: piece) { write(Array(bytes[at..<min(at + piece, bytes.count)])) }
      finish()
    }
    thread.start()
  }
}
