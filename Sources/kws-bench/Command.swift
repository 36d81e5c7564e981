import ArgumentParser
import CommandSupport

@main
struct Command: SilifCommand {
  static let configuration = CommandConfiguration(
    commandName: "kws-bench",
    abstract: "Measures what a model costs on this machine.",
    discussion: """
      Times each stage for one network step, one core: median, mean, p95 and worst over many steps, and the worst step
      there can be, in which every neuron fires. A release build on an idle machine gives figures worth keeping.

      Examples:
        kws-bench
        kws-bench --model kws12-csilif --input talk.flac --format json
      """,
    version: silifVersion)

  @OptionGroup var modelOptions: ModelOptions

  @Option(
    name: .shortAndLong,
    help: .init(
      "Sound file to run on, or frames as .npy, [clip, step, feature] (default: the model's self-test input, repeated).",
      valueName: "file"))
  var input: String?

  @Option(name: .long, parsing: .unconditional, help: .init("Steps to time, at least.", valueName: "n"))
  var steps = 6000

  @Option(name: .long, help: "The report as text, or as one JSON object.")
  var format = OutputFormat.text

  /// Not `validate`: that would come before an unknown option is told.
  private func check() throws {
    if !(10...10_000_000).contains(steps) { throw ValidationError("--steps must be 10 to 10000000, not \(steps).") }
  }

  func run() throws {
    try check()
    let file = try modelOptions.load()
    let report = try Benchmark(file: file, input: try BenchInput(path: input, file: file), steps: steps).run()
    let output = StandardOutput()
    try output.write(format == .json ? report.json.text + "\n" : report.text)
    try output.flush()
  }
}
