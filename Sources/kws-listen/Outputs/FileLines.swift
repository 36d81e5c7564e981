import CommandSupport
import FileNames
import Glibc

/// A file that lines are appended to, or a named pipe. A full disk, or a pipe that nobody reads, does not end the command, which
/// may have other things to do for a word: it is said, at most once in a minute.
final class FileLines: LineOutput {
  private let path: String
  private var descriptor: Int32 = -1
  /// Why it could not be opened again, where it could not.
  private var failure: Int32 = 0
  /// Whether the file ends within a line.
  private var isTorn = false
  private var complaints = RateLimit(interval_s: 60)
  private let stop: StopRequest?
  private let say: (String) -> Void
  /// Lines that could not be written.
  private(set) var lostCount = 0

  /// - Parameter stop: ends the wait for whoever reads a pipe; nil: nobody is waited for, and lines are lost.
  /// - Throws: Failure where the file cannot be opened.
  init(path: String, waitingUnless stop: StopRequest? = nil, say: @escaping (String) -> Void) throws(Failure) {
    (self.path, self.stop, self.say) = (path, stop, say)
    descriptor = opened()
    if descriptor < 0 {
      failure = errno
      guard failure == ENXIO && Self.isPipe(path) else {
        throw Failure("\(path): cannot be written: \(systemMessage(failure))")
      }
      say("\(path): nobody reads this pipe yet; " + (stop == nil ? "lines are lost until somebody does" : "waiting"))
      while let stop, descriptor < 0, !stop.wait(timeout_ms: 50) { descriptor = opened() }
    }
    isTorn = Self.endsInALine(path)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  private func opened() -> Int32 {
    // Or else it would wait for whoever reads a pipe, deaf to a stop.
    let descriptor = withFileName(path) {
      open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o644)
    }
    // What is no pipe, and who reads a pipe that was waited for, may be slow.
    if descriptor >= 0 && (stop != nil || !Self.isPipe(path)) { _ = fcntl(descriptor, F_SETFL, O_APPEND) }
    return descriptor
  }

  private static func isPipe(_ path: String) -> Bool {
    var status = stat()
    return withFileName(path) { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFIFO
  }

  /// Whether the file ends within a line: the disk was full, or the machine lost its power.
  private static func endsInALine(_ path: String) -> Bool {
    var status = stat()
    guard withFileName(path, { stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
      return false
    }
    let descriptor = withFileName(path) { open($0, O_RDONLY | O_CLOEXEC | O_NOCTTY) }
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var last: UInt8 = 0
    return pread(descriptor, &last, 1, status.st_size - 1) == 1 && last != UInt8(ascii: "\n")
  }

  func write(_ line: String) {
    if descriptor < 0 { reopen() }
    guard let code = descriptor < 0 ? failure : append(Array(((isTorn ? "\n" : "") + line).utf8)) else { return }
    let isUnread = [ENXIO, EPIPE, EAGAIN].contains(code)
    let why = isUnread ? "nobody reads it, or not fast enough" : systemMessage(code)
    lostCount += 1
    if let withheld = complaints.pass() {
      say("\(path): cannot be written: \(why)" + (withheld > 0 ? "; \(withheld + 1) lines lost since" : ""))
    }
  }

  /// One call for a line where nobody is waited for: with O_APPEND, lines of several writers do not mix.
  ///
  /// - Returns: why not all of it was written; nil where it was, or where a stop ended the wait for whoever reads.
  private func append(_ bytes: [UInt8]) -> Int32? {
    var done = 0
    while done < bytes.count {
      let some = bytes[done...].withUnsafeBytes { writeSome($0, to: descriptor, unless: stop) }
      guard let written = some else { return nil }
      guard written >= 0 else { return errno }
      done += written
      isTorn = done > 0 && bytes[done - 1] != UInt8(ascii: "\n")
    }
    return nil
  }

  var outputDescriptor: Int32? { nil }

  func reopen() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = opened()
    if descriptor < 0 { failure = errno } else { isTorn = Self.endsInALine(path) }
  }
}
