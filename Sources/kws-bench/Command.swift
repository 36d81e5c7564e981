import ArgumentParser
import CommandSupport
import Kernels
import SiLIF

package struct Command: SilifCommand {
  package static let configuration = CommandConfiguration(
    commandName: "kws-bench",
    abstract: "Measures what a model costs on this machine.",
    discussion: """
      Times each stage of one network step on one core: median, mean, p95 and worst over many steps, and the longest \
      step there can be, in which every neuron fires. Measure with a release build on an idle machine.

      Examples:
        kws-bench
        kws-bench --model kws12-csilif --input talk.flac --format json
        kws-bench --kernels avx2
        kws-bench --table
      """,
    version: silifVersion)

  package init() {}

  @OptionGroup var modelOptions: ModelOptions

  @Option(
    name: .shortAndLong,
    help: .init(
      "Sound file to run on, or frames as .npy, [clip, step, feature] (default: the model's self-test input, repeated).",
      valueName: "file"))
  var input: String?

  @Option(name: .long, parsing: .unconditional, help: .init("How many steps to time, at least.", valueName: "n"))
  var steps = 6000

  @Option(
    name: .long,
    help: .init(
      "Inner loops to compute with: \(KernelSet.available.map(\.name).joined(separator: ", ")) (default: \(KernelSet.best.name)).",
      valueName: "name"))
  var kernels: String?

  @Flag(
    name: .long,
    help: "Measure single layers instead of a model, by width and by the share of inputs that fire.")
  var table = false

  @Option(name: .long, help: "The report as text, or as one JSON object.")
  var format = OutputFormat.text

  /// Not `validate`: that would come before an unknown option is told.
  private func check() throws {
    if table && (modelOptions.model != nil || input != nil) {
      throw ValidationError("--table measures layers of its own: leave out --model and --input.")
    }
    if !(10...10_000_000).contains(steps) { throw ValidationError("--steps must be 10 to 10000000, not \(steps).") }
  }

  private func kernelSet() throws -> KernelSet {
    guard let kernels else { return .best }
    guard let set = KernelSet.available.first(where: { $0.name == kernels }) else {
      let names = KernelSet.available.map(\.name).joined(separator: ", ")
      throw ValidationError("--kernels \(kernels): this processor has \(names).")
    }
    return set
  }

  package func run() throws {
    try check()
    let set = try kernelSet()
    let output = StandardOutput()
    if table {
      let table = CostTable.measured(kernels: set, steps: steps)
      try output.write(format == .json ? table.json.text + "\n" : table.text)
      try output.flush()
      return
    }
    let file = try modelOptions.load()
    let input = try BenchInput(path: input, file: file)
    let report = try Benchmark(file: file, input: input, steps: steps, kernels: set).run()
    try output.write(format == .json ? report.json.text + "\n" : report.text)
    try output.flush()
  }
}
