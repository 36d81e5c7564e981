import Glibc
import TestSupport

/// A command that was built next to these tests.
enum Command: String {
  case listen = "kws-listen"
  case score = "kws-score"
  case model = "kws-model"
  case bench = "kws-bench"

  /// The test bundle lies in the same folder.
  var path: String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let bundle = String(decoding: buffer[..<max(count, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return bundle.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/\(rawValue)"
  }

  /// Runs the command to its end.
  ///
  /// - Parameter input: what it finds on standard input.
  func run(_ arguments: String..., input: [UInt8] = [], environment: [String: String] = [:]) throws -> CommandResult {
    try run(arguments, input: input, environment: environment)
  }

  func run(_ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:]) throws -> CommandResult {
    let folder = TemporaryFolder()
    let inputFile = try folder.write(input, to: "stdin")
    let process = try Child(
      path, arguments,
      files: [
        (0, inputFile, O_RDONLY), (1, "\(folder.path)/stdout", O_WRONLY), (2, "\(folder.path)/stderr", O_WRONLY),
      ],
      environment: environment)
    let status = process.wait()
    return CommandResult(
      status: status, output: try folder.read("stdout"), errors: try folder.read("stderr"))
  }
}

extension Command {
  /// Runs it from a line of shell, in which it is `$0`.
  func runIn(shell: String, environment: [String: String] = [:]) throws -> CommandResult {
    let folder = TemporaryFolder()
    let process = try Child(
      "/bin/sh", ["-c", shell, path],
      files: [
        (0, "/dev/null", O_RDONLY), (1, "\(folder.path)/stdout", O_WRONLY), (2, "\(folder.path)/stderr", O_WRONLY),
      ],
      environment: environment)
    let status = process.wait()
    return CommandResult(status: status, output: try folder.read("stdout"), errors: try folder.read("stderr"))
  }
}

/// How a command ended and what it said.
struct CommandResult {
  /// The exit code; 128 + signal where it was killed, 999 where it did not end in time.
  let status: Int
  let output: String
  let errors: String

  /// A JSON report without what differs from run to run.
  var stableOutput: String {
    output.replacing(/"(model|elapsed_s|clips_per_s|jobs)":("[^"]*"|[0-9.]+|null),/, with: "")
  }

  var lines: [String] { output.split(separator: "\n").map(String.init) }
}
