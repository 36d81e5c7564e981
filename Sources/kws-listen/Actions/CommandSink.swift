import AudioInput
import CommandSupport
import FileNames
import Glibc
import KeywordSpotter

/// `--exec`: starts a command for each keyword, and does not wait for it.
///
/// The command finds KWS_WORD, KWS_SCORE, KWS_TIME_S, KWS_SAMPLE, where the model has it KWS_PROBABILITY and, live, KWS_AT in its environment; its standard input is
/// empty, its standard output is this program's standard error.
final class CommandSink: EventSink {
  private let words: [String]
  private let command: [String]
  private let mostAtOnce: Int
  private let environment: [String]
  private let stop: StopRequest
  private let say: (String) -> Void
  private let clock: () -> TimeOfDay?
  private var running: Set<pid_t> = []
  private var complaints = RateLimit(interval_s: 10)
  private(set) var startedCount = 0
  /// Not started, because too many ran or the start failed.
  private(set) var droppedCount = 0
  /// Ended with anything but 0.
  private(set) var failedCount = 0

  /// - Parameters:
  ///   - words: the model's, by class.
  ///   - command: program and arguments; the program is looked up in PATH.
  ///   - mostAtOnce: while so many run, a word starts nothing.
  ///   - environment: `NAME=value`, what commands find besides.
  ///   - stop: ends the wait for commands at the end.
  init(
    words: [String], command: [String], mostAtOnce: Int, environment: [String], stop: StopRequest,
    clock: @escaping () -> TimeOfDay?,
    say: @escaping (String) -> Void
  ) {
    self.words = words
    self.command = command
    self.mostAtOnce = mostAtOnce
    self.environment = environment.filter { variable in !Self.ours.contains { variable.hasPrefix($0) } }
    self.clock = clock
    self.stop = stop
    self.say = say
  }

  /// What a keyword sets, and what the service manager tells this process alone (sd_notify(3)).
  private static let ours = ["KWS_", "NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID="]

  func write(_ event: ListenEvent) throws {
    guard case .keyword(let keyword) = event else { return }
    reap()
    guard running.count < mostAtOnce else {
      return drop("\(mostAtOnce) commands are still running: none started for '\(words[keyword.word])'")
    }
    do {
      running.insert(try start(keyword))
    } catch {
      return drop("\(command[0]): cannot be started: \(systemMessage(error.code))")
    }
    startedCount += 1
  }

  private func drop(_ why: String) {
    droppedCount += 1
    if let withheld = complaints.pass() { say(why + (withheld > 0 ? " (\(withheld) more such since)" : "")) }
  }

  private func start(_ keyword: KeywordEvent) throws(ProcessError) -> pid_t {
    var variables = [
      "KWS_WORD=\(words[keyword.word])", "KWS_SCORE=\(decimalText(keyword.score, decimals: 4))",
      "KWS_TIME_S=\(decimalText(keyword.time_s, decimals: 4))", "KWS_SAMPLE=\(keyword.position)",
    ]
    if let probability = keyword.probability {
      variables.append("KWS_PROBABILITY=\(decimalText(probability, decimals: 4))")
    }
    if let at = clock() { variables.append("KWS_AT=\(at.text)") }
    return try startProcess(
      command, environment: variables + environment, files: [ChildFile(STDIN_FILENO, "/dev/null", O_RDONLY)],
      descriptors: [(STDOUT_FILENO, STDERR_FILENO)])
  }

  func childEnded() { reap() }

  private func reap() {
    for identifier in running { ended(identifier, WNOHANG) }
  }

  private func ended(_ identifier: pid_t, _ flags: Int32) {
    var status: Int32 = 0
    var code = waitpid(identifier, &status, flags)
    // Another command's end interrupts the wait for this one; so does a request to stop, which ends it.
    while code < 0 && errno == EINTR && !stop.isRequested { code = waitpid(identifier, &status, flags) }
    guard code == identifier else { return }
    running.remove(identifier)
    guard status != 0 else { return }
    failedCount += 1
    let how = status & 0x7F == 0 ? "ended with \(status >> 8 & 0xFF)" : "was ended by signal \(status & 0x7F)"
    if let withheld = complaints.pass() {
      say("\(command[0]): \(how)" + (withheld > 0 ? " (\(withheld) more such since)" : ""))
    }
  }

  /// The input has ended: what was started may end, too. A signal ends the wait.
  func finish(isInterrupted: Bool) {
    if isInterrupted { return reap() }
    for identifier in running { ended(identifier, 0) }
  }

  var statistics: [(key: String, value: JSONValue)] {
    [
      ("commands", .integer(startedCount)), ("commands_dropped", .integer(droppedCount)),
      ("commands_failed", .integer(failedCount)),
    ]
  }
}
