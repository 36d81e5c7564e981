import ArgumentParser

/// What is done with a word, besides writing it.
struct ActionOptions: ParsableArguments {
  @Option(
    name: .long, parsing: .unconditionalSingleValue,
    help: .init(
      "Write events as text, json or word (the word alone), to standard output or to the file or unix socket after a colon: "
        + "json:words.jsonl, json:unix:/run/words. Repeatable.",
      valueName: "output"))
  var output: [OutputTarget] = []

  @Option(
    name: .long, parsing: .unconditional,
    help: .init(
      "Start this command for each word, without a shell; KWS_WORD, KWS_SCORE and others are in its environment.",
      valueName: "command"))
  var exec: String?

  @Flag(name: .long, help: "Give the command of --exec to /bin/sh.")
  var execShell = false

  @Option(
    name: .long, help: .init("Commands of --exec that may run at the same time (default: 4).", valueName: "count"))
  var execJobs: Int?

  @Flag(name: .long, help: "End after the first word; with 1 where none was heard.")
  var once = false

  @Option(
    name: .long, help: .init("Save the sound around each word as a WAV file in this folder.", valueName: "folder"))
  var saveDir: String?

  @Option(
    name: .long,
    help: .init(
      "Bytes that saved sound may take up, such as 500M; the oldest goes first (default: 100M).", valueName: "bytes"))
  var saveLimit: ByteCount?

  @Option(
    name: .long, parsing: .unconditional,
    help: .init("Report and save also what reaches this score and no threshold, such as 0.5.", valueName: "score"))
  var nearMisses: Double?

  @Flag(
    name: .long, help: "Say at the end, and on SIGUSR1 in any case, what happened: a JSON object on standard error.")
  var stats = false

  @Flag(name: .shortAndLong, help: "Say nothing on standard error but errors.")
  var quiet = false

  func validate() throws {
    if exec == nil && (execShell || execJobs != nil) {
      throw ValidationError("--exec-shell and --exec-jobs go with --exec.")
    }
    if let execJobs, !(1...64).contains(execJobs) {
      throw ValidationError("--exec-jobs: give 1 to 64, not \(execJobs).")
    }
    if saveLimit != nil && saveDir == nil { throw ValidationError("--save-limit goes with --save-dir.") }
    if let nearMisses, !(0.01...1).contains(nearMisses) {
      throw ValidationError("--near-misses is a probability: give 0.01 to 1, not \(nearMisses).")
    }
    if let exec, !execShell {
      guard let words = commandLineWords(exec), !words.isEmpty else {
        throw ValidationError("--exec: '\(exec)' is no command (is a quote open?).")
      }
    }
    let onStandardOutput = output.filter { $0.destination == .standardOutput }
    if onStandardOutput.count > 1 { throw ValidationError("--output: only one of them can be standard output.") }
  }

  /// Program and arguments.
  var command: [String]? {
    guard let exec else { return nil }
    return execShell ? ["/bin/sh", "-c", exec] : commandLineWords(exec)
  }
}

/// `--save-limit`: bytes, with K, M or G for powers of 1000.
struct ByteCount: ExpressibleByArgument, Equatable, Sendable {
  let bytes: Int64

  init?(argument: String) {
    let units: [Character: Int64] = ["K": 1_000, "M": 1_000_000, "G": 1_000_000_000]
    let unit = argument.last.flatMap { units[$0] }
    guard let number = Int64(unit == nil ? argument[...] : argument.dropLast()), number > 0, number < 1 << 32 else {
      return nil
    }
    bytes = number * (unit ?? 1)
  }
}
