import Glibc
import TestSupport

/// A child process.
final class Child {
  let identifier: pid_t
  private var status: Int?

  struct SpawnError: Error { let code: Int32 }

  /// - Parameters:
  ///   - files: descriptor, path and open flags of what the child gets; others are closed on exec.
  ///   - descriptors: (in the child, here).
  init(
    _ path: String, _ arguments: [String], files: [(Int32, String, Int32)] = [], descriptors: [(Int32, Int32)] = [],
    environment: [String: String] = [:]
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (descriptor, file, flags) in files {
      posix_spawn_file_actions_addopen(&actions, descriptor, file, flags | O_CREAT, 0o644)
    }
    for (inChild, here) in descriptors { posix_spawn_file_actions_adddup2(&actions, here, inChild) }
    // Test runners may ignore or block signals, and children inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var all = sigset_t()
    var none = sigset_t()
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    var variables = environment.map { "\($0.key)=\($0.value)" }
    for name in ["PATH", "HOME", "LD_LIBRARY_PATH"] {
      if let value = getenv(name), environment[name] == nil { variables.append("\(name)=\(String(cString: value))") }
    }
    let argumentPointers = ([path] + arguments).map { strdup($0) } + [nil]
    let variablePointers = variables.map { strdup($0) } + [nil]
    defer { for pointer in argumentPointers + variablePointers { free(pointer) } }
    var identifier = pid_t()
    let code = posix_spawn(&identifier, path, &actions, &attributes, argumentPointers, variablePointers)
    guard code == 0 else { throw SpawnError(code: code) }
    self.identifier = identifier
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
        status = raw & 0x7F == 0 ? Int(raw >> 8 & 0xFF) : 128 + Int(raw & 0x7F)
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
