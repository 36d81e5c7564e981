import ArgumentParser
import Glibc

/// A command of this project: `main()` keeps the exit codes that all of them share.
///
/// 0: done, stopped by SIGINT or SIGTERM, or the reader of the output is gone. 1: failed. 2: wrong usage
/// (ArgumentParser's own is 64).
public protocol SilifCommand: ParsableCommand {}

extension SilifCommand {
  public static func main() {
    fillStandardDescriptors()
    // A closed pipe then shows as EPIPE where it is written to, and not as a killed process.
    signal(SIGPIPE, SIG_IGN)
    // For what takes no time; a command with something to finish makes a StopRequest.
    for number in [SIGINT, SIGTERM] { signal(number) { _ in _exit(0) } }
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      leave(with: error)
    }
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
      let text = fullMessage(for: error)
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
