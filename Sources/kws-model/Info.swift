import ArgumentParser
import CommandSupport

/// `kws-model info`.
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows words, layers, front end, detector, memory and provenance.")

  @Argument(help: "Model file, or the name of an installed one.")
  var model: String = ModelLocation.defaultName

  @Option(name: .long, help: "As text, or as one JSON object.")
  var format = OutputFormat.text

  func run() throws {
    let report = try ModelReport(try ModelLocation.load(model))
    let output = StandardOutput()
    try output.write(format == .json ? report.json.text + "\n" : report.text)
    try output.flush()
  }
}
