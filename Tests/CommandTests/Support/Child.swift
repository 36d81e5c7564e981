import CommandSupport
import Glibc
import TestSupport

/// A child process.
final class Child {
  let identifier: pid_t
  private var status: Int?

  /// - Parameters:
  ///   - files: descriptor, path and open flags of what the child gets; others are closed on exec.
  ///   - descriptors: (in the child, here).
  init(
    _ path: String, _ arguments: [String], files: [(Int32, String, Int32)] = [], descriptors: [(Int32, Int32)] = [],
    environment: [String: String] = [:]
  ) throws {
    var variables = environment.map { "\($0.key)=\($0.value)" }
    // The last ones say how sanitizers report, where the tests run with them (`make sanitize`).
    let kept = ["PATH", "HOME", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"]
    for name in kept {
      if let value = getenv(name), environment[name] == nil { variables.append("\(name)=\(String(cString: value))") }
    }
    identifier = try startProcess(
      [path] + arguments, environment: variables, files: files.map { ChildFile($0.0, $0.1, $0.2) },
      descriptors: descriptors.map { ($0.0, $0.1) })
  }

  deinit {
    if status == nil {
      kill(identifier, SIGKILL)
      waitpid(identifier, nil, 0)
    }
  }

  /// Who waits in a test gives up after so long. No test depends on how fast the machine is; this only ends what would never end.
  static let patience_s = 600

  var hasEnded: Bool {
    if status == nil {
      var raw: Int32 = 0
      if waitpid(identifier, &raw, WNOHANG) == identifier {
        status = exitStatus(raw)
      }
    }
    return status != nil
  }

  /// The exit code, 128 + signal, or 999 where it does not end.
  func wait() -> Int {
    for _ in 0..<Child.patience_s * 200 where !hasEnded { usleep(5000) }
    return status ?? 999
  }

  /// Does nothing to a child that was waited for: its number may be another's by now.
  func send(_ signal: Int32) { if !hasEnded { kill(identifier, signal) } }

  /// Waits until it catches or ignores a signal, whose default would end it. False where it never does.
  func waitUntilItHandles(_ signal: Int32) throws -> Bool {
    for _ in 0..<Child.patience_s * 200 {
      let status = String(decoding: try TemporaryFolder.bytes("/proc/\(identifier)/status"), as: UTF8.self)
      for line in status.split(separator: "\n") where line.hasPrefix("SigIgn:") || line.hasPrefix("SigCgt:") {
        let mask = UInt64(line.dropFirst("SigIgn:\t".count), radix: 16) ?? 0
        if mask & 1 << UInt64(signal - 1) != 0 { return true }
      }
      usleep(5000)
    }
    return false
  }
}
