import ArgumentParser
import CommandSupport
import Glibc
import SiLIF

/// `kws-model verify`.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Proves that this machine computes what the exporter computed.",
    discussion:
      "Runs each model's self-test: its input, and a digest of every spike and readout value that must come of it.")

  @Argument(help: "Model files, or names of installed ones.")
  var model: [String] = [ModelLocation.defaultName]

  @Option(
    name: .long,
    help: .init(
      "Public key (PEM, Ed25519): each model must have a signature of it, MODEL.sig. Needs openssl.", valueName: "file")
  )
  var key: String?

  @Option(name: .long, help: "As text, or as JSON with one object per model.")
  var format = OutputFormat.text

  func run() throws {
    // Half a verification proves nothing: ended by a signal, it must not exit with 0.
    for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
    let output = StandardOutput()
    var hasFailed = false
    for name in model {
      let result = VerifyResult(name, key: key) { Diagnostics.say($0, command: "kws-model") }
      if !result.passed { hasFailed = true }
      if let message = result.message { Diagnostics.say(message, command: "kws-model") }
      try output.write(format == .json ? result.json.text + "\n" : result.text)
      try output.flush()
    }
    if hasFailed { throw ExitCode(1) }
  }
}
