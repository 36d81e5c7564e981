import ArgumentParser
import CommandSupport
import FileNames
import SpotterHost

/// `kws-model trace`.
struct Trace: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes every step's frames, spikes and readout as .npy.",
    discussion: """
      Writes frames.npy (int16, [step, input]), spikes_0.npy ... (uint8, [step, neuron]), readout.npy (int32, membrane \
      potentials with 16 fractional bits, [step, class]) and probabilities.npy (uint16, Q15, [step, class]).
      """)

  @Argument(help: "Model file, or the name of an installed one.")
  var model: String

  @Option(name: .shortAndLong, help: .init("Sound file, or frames as .npy, [step, feature].", valueName: "file"))
  var input: String

  @Option(
    name: .long, parsing: .unconditional,
    help: .init("Clip to take where the .npy is [clip, step, feature].", valueName: "n"))
  var clip: Int?

  @Option(name: .shortAndLong, help: .init("Folder to write to (default: ./MODEL-trace).", valueName: "folder"))
  var output: String?

  @Flag(name: .long, help: "Overwrite a trace that is there.")
  var force = false

  @Option(name: .long, help: "What was written, as text or as one JSON object.")
  var format = OutputFormat.text

  func validate() throws {
    if let clip, clip < 0 { throw ValidationError("--clip counts from 0, \(clip) is none.") }
    if clip != nil && !isArray { throw ValidationError("--clip belongs to an --input of .npy.") }
  }

  func run() throws {
    let file = try ModelLocation.load(model)
    let stop = try StopRequest()
    let folder = output ?? defaultFolder(file.path)
    let trace = try TraceWriter(folder: folder, model: file.model, overwrites: force)
    if isArray {
      try TraceRun.frames(try NumpyArray(path: input), clip: clip, file: file, into: trace, stop: stop)
    } else {
      try TraceRun.sound(input, file: file, into: trace, stop: stop)
    }
    // Half a trace is worth nothing: its temporary files go with the writer.
    if stop.isRequested { throw ExitCode(stop.exitStatus) }
    try trace.finish()
    let report = JSONValue.object([
      ("folder", .string(folder)), ("steps", .integer(trace.stepCount)),
      ("files", .strings(TraceWriter.fileNames(file.model))),
    ])
    let standardOutput = StandardOutput()
    try standardOutput.write(format == .json ? report.text + "\n" : "\(visible(folder)): \(trace.stepCount) steps\n")
    try standardOutput.flush()
  }

  private var isArray: Bool { input.hasSuffix(".npy") || input.hasSuffix(".npz") }

  private func defaultFolder(_ path: String) -> String {
    let name = pathComponents(path).last ?? "model"
    return "./\(name.hasSuffix(".silif") ? String(name.dropLast(6)) : name)-trace"
  }
}
