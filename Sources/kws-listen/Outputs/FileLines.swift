import CommandSupport
import FileNames
import Glibc

/// A file that lines are appended to. A full disk does not end the command, which may have other things to do for a word: it is
/// said, at most once in a minute.
final class FileLines: LineOutput {
  private let path: String
  private var descriptor: Int32
  private var complaints = RateLimit(interval_s: 60)
  private let say: (String) -> Void
  /// Lines that could not be written.
  private(set) var lostCount = 0

  /// - Throws: Failure where the file cannot be opened.
  init(path: String, say: @escaping (String) -> Void) throws(Failure) {
    self.path = path
    self.say = say
    descriptor = Self.opened(path)
    guard descriptor >= 0 else { throw Failure("\(path): cannot be written: \(systemMessage(errno))") }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  private static func opened(_ path: String) -> Int32 {
    withFileName(path) { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0o644) }
  }

  func write(_ line: String) {
    // One call for a line: with O_APPEND, lines of several writers do not mix.
    let written = Array(line.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    if written == line.utf8.count { return }
    let why = written < 0 ? systemMessage(errno) : "no space left on device"
    lostCount += 1
    if let withheld = complaints.pass() {
      say("\(path): cannot be written: \(why)" + (withheld > 0 ? "; \(withheld + 1) lines lost since" : ""))
    }
  }

  var outputDescriptor: Int32? { nil }

  func reopen() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = Self.opened(path)
  }
}
