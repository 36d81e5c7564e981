import ArgumentParser
import AudioInput
import CommandSupport
import Glibc

package struct Command: SilifCommand {
  package static let isEndedBySignals = true

  package static let configuration = CommandConfiguration(
    commandName: "kws-listen",
    abstract: "Prints the keywords it hears from a microphone, a sound file or a pipe.",
    discussion: """
      Prints a line for each keyword: its time, the word, and its score. Runs until the input ends or Ctrl-C is pressed.

      Examples:
        kws-listen                                  the default microphone
        kws-listen --list-devices                   list all of them
        kws-listen --device hw:0 --threshold 0.9    one of them, with fewer false alarms
        kws-listen --input talk.flac --format json  a recording
        kws-listen --exec 'notify-send heard'       start a command for each word
        kws-listen --save-dir words --output json:words.jsonl
        arecord -f S16_LE -r 16000 -t raw | kws-listen --input -
      """,
    version: silifVersion)

  package init() {}

  @Option(
    name: [.customShort("D"), .long], help: "ALSA device, such as hw:0 or plughw:CARD=Mic,DEV=0 (default: default).")
  var device: String?

  @Flag(name: .shortAndLong, help: "List the devices that can record, and exit; with `all`, also alsa-lib's plugins.")
  var listDevices = false

  @Argument(help: .hidden)
  var listed: String?

  @Option(
    name: .shortAndLong,
    help: .init(
      "Sound file instead of a device. Standard input is -, taken as S16_LE, 16 kHz, mono unless it begins like a sound file.",
      valueName: "file"))
  var input: String?

  @OptionGroup var soundOptions: SoundOptions
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var actions: ActionOptions
  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var detectorOptions: DetectorOptions

  @Option(name: .long, parsing: .unconditional, help: "Stop after this much audio: 30s, 500ms, 2m, 1h.")
  var duration: AudioDuration?

  @Option(
    name: .long, parsing: .unconditional,
    help: .init(
      "Report words only where sound rose by so much above the room, within a second: 0 to 40 dB, such as 10.",
      valueName: "dB"))
  var gate: Double?

  @Option(
    name: .long,
    help: .init("Seed of a network that samples (default: the model's own).", valueName: "n"))
  var seed: UInt64?

  @Flag(name: .long, help: "Show the level of the sound on standard error.")
  var meter = false

  @Option(name: .long, help: "Events as text, or as JSON with one object per line (default: text).")
  var format: OutputFormat?

  /// `--output`, and where that says nothing of standard output's text or JSON, `--format`.
  private func outputs() throws -> [OutputTarget] {
    guard !actions.output.isEmpty else { return [OutputTarget(format == .json ? .json : .text)] }
    guard format == nil else { throw ValidationError("--format and --output exclude each other: write --output json.") }
    return actions.output
  }

  /// Not `validate`: that would come before an unknown option is told.
  private func check() throws {
    if device != nil && input != nil {
      throw ValidationError("--device and --input exclude each other: give one of them.")
    }
    if let listed, !listDevices || listed != "all" {
      throw ValidationError("Unexpected argument '\(listed)': a sound file is given with --input.")
    }
    if let gate, !(0...40).contains(gate) { throw ValidationError("--gate: give 0 to 40 dB, not \(gate).") }
    try deviceOptions.check(input: input, soundOptions.settings)
  }

  private var origin: Origin {
    if let input { return .input(input, soundOptions.settings, deviceOptions.rawFormat) }
    return .device(device ?? "default", deviceOptions.settings(soundOptions.settings), deviceOptions.policy)
  }

  package func run() throws {
    try check()
    // The audio thread alone uses the device, so alsa-lib's own locks have nothing to guard. Before its first use; not for the
    // commands of --exec, which may have several threads.
    let environment = currentEnvironment()
    setenv("LIBASOUND_THREAD_SAFE", "0", 0)
    if listDevices { return try DeviceListing(format: format ?? .text, listsAll: listed != nil).print() }
    let file = try modelOptions.load().drawing(with: seed)
    let settings = try detectorOptions.settings(for: file.model)
    let setUp = try SpotterSetUp(file: file, settings: settings)
    let stop = try StopRequest()
    try ListenSession(
      origin: origin,
      file: file, stop: stop,
      limit_samples: duration?.samples(rate_hz: outputRate_hz), outputs: try outputs(), actions: actions,
      settings: settings, showsMeter: meter, gate_dB: gate, environment: environment
    ).run(setUp)
  }
}
