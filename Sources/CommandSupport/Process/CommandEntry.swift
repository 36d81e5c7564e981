import ArgumentParser
import FileNames
import Glibc

/// A command of this project: `main()` keeps the exit codes that all of them share.
///
/// 0: done, or the reader of the output is gone. 1: failed. 2: wrong usage (ArgumentParser's own is 64). 128 and the
/// number of SIGINT, SIGTERM or SIGHUP: stopped by it, before all was done.
package protocol SilifCommand: ParsableCommand {
  /// Whether the command runs until a signal comes, which is then no failure: 0.
  static var isEndedBySignals: Bool { get }
}

extension SilifCommand {
  package static var isEndedBySignals: Bool { false }

  package static func main() {
    fillStandardDescriptors()
    #if !DEBUG
      leaveCrashesToTheSystem()
    #endif
    // A closed pipe then shows as EPIPE where it is written to, and not as a killed process.
    signal(SIGPIPE, SIG_IGN)
    // For what takes no time; a command with something to finish makes a StopRequest.
    for number in [SIGINT, SIGTERM, SIGHUP] where !(number == SIGHUP && isIgnored(number)) {
      if isEndedBySignals { signal(number) { _ in _exit(0) } } else { signal(number) { _exit(128 + $0) } }
    }
    // Their default is to end the process, and whoever sends them wants to know something of it.
    StatusRequest.listen()
    signal(SIGUSR2, SIG_IGN)
    do {
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch {
      leave(with: error)
    }
  }

  /// Names of files among them may be no UTF-8, which `CommandLine.arguments` would repair.
  private static var arguments: [String] {
    (1..<max(Int(CommandLine.argc), 1)).compactMap { CommandLine.unsafeArgv[$0].map { fileName(cString: $0) } }
  }

  private static func leave(with error: any Error) -> Never {
    switch error {
    case is ClosedPipe:
      Glibc.exit(0)
    case let failure as Failure:
      Diagnostics.say(failure.message, command: _commandName)
      Glibc.exit(1)
    case let exitCode as ExitCode:
      Glibc.exit(exitCode.rawValue)
    default:
      // It may quote an argument, and arguments may come from file names.
      let text = visible(fullMessage(for: error), keeping: ["\n"])
      guard exitCode(for: error) == .success else {
        Diagnostics.write(text.last == "\n" ? text : text + "\n")
        Glibc.exit(2)
      }
      leaveWithHelp(text)
    }
  }

  /// `--help` and `--version` are results: they go to standard output.
  private static func leaveWithHelp(_ text: String) -> Never {
    do {
      let output = StandardOutput()
      try output.write(text.last == "\n" ? text : text + "\n")
      try output.flush()
    } catch {
      leave(with: error)
    }
    Glibc.exit(0)
  }
}

/// The version that all commands print.
package let silifVersion = "0.1.0"

/// What a crash prints and starts is for whoever develops: Swift's handlers run another program, found by the environment, that
/// reads all memory.
func leaveCrashesToTheSystem() {
  for number in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] { signal(number, SIG_DFL) }
}

/// Fills standard input, output and error where whoever started the command closed them (`<&-`, `>&-`): a pipe or a file that
/// is opened later would get their numbers, and be read or written in their place.
///
/// What fills them is open the wrong way round, so that using it is an error, as it is with a closed descriptor.
func fillStandardDescriptors() {
  for (descriptor, flags) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDWR)] {
    // The lowest free number is taken, which is this one.
    if fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", flags) }
  }
}
