import FileNames
import Glibc

/// Starts a program, which gets nothing of this process that is not named here: the default actions of all signals, none of them
/// blocked, and no descriptor but those that are not closed on exec.
///
/// - Parameters:
///   - arguments: the first is the program, looked up in PATH where it has no slash.
///   - environment: NAME=VALUE.
///   - files: opened for it, in this order, made where they are missing.
///   - descriptors: copied afterwards.
/// - Throws: ProcessError where it cannot be started.
package func startProcess(
  _ arguments: [String], environment: [String], files: [ChildFile] = [],
  descriptors: [(inChild: Int32, here: Int32)] = []
) throws(ProcessError) -> pid_t {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  for file in files {
    _ = withFileName(file.path) {
      posix_spawn_file_actions_addopen(&actions, file.descriptor, $0, file.flags | O_CREAT, 0o644)
    }
  }
  for (inChild, here) in descriptors { posix_spawn_file_actions_adddup2(&actions, here, inChild) }

  // This process may ignore or block some (the commands ignore SIGPIPE), and children inherit that.
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

  let texts = (arguments + environment).map { withFileName($0) { strdup($0) } }
  defer { for text in texts { free(text) } }
  var identifier = pid_t()
  let code = posix_spawnp(
    &identifier, texts[0]!, &actions, &attributes, texts[..<arguments.count] + [nil],
    texts[arguments.count...] + [nil])
  guard code == 0 else { throw ProcessError(code: code) }
  return identifier
}

/// What this process was given, and has set since: NAME=VALUE.
package func currentEnvironment() -> [String] {
  var variables: [String] = []
  var at = environ
  while let entry = at.pointee {
    variables.append(fileName(cString: entry))
    at += 1
  }
  return variables
}

/// A file that a child process finds open.
package struct ChildFile {
  package let descriptor: Int32
  package let path: String
  package let flags: Int32

  package init(_ descriptor: Int32, _ path: String, _ flags: Int32) {
    self.descriptor = descriptor
    self.path = path
    self.flags = flags
  }
}

/// A program that could not be started.
package struct ProcessError: Error {
  /// The system's errno.
  package let code: Int32
}

/// What `waitpid` says as a shell does: the exit status, or 128 + signal.
package func exitStatus(_ status: Int32) -> Int {
  Int(status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F)
}
