import ArgumentParser
import AudioInput
import CommandSupport
import Glibc

@main
struct Command: SilifCommand {
  static let configuration = CommandConfiguration(
    commandName: "kws-listen",
    abstract: "Prints the keywords it hears from a microphone, a sound file or a pipe.",
    discussion: """
      Prints a line for each keyword: its time, the word, and its score. Runs until the input ends or Ctrl-C is pressed.

      Examples:
        kws-listen                                  the default microphone
        kws-listen --list-devices                   list all of them
        kws-listen --device hw:0 --threshold 0.9    one of them, with fewer false alarms
        kws-listen --input talk.flac --format json  a recording
        arecord -f S16_LE -r 16000 -t raw | kws-listen --input -
      """,
    version: silifVersion)

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

  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var detectorOptions: DetectorOptions

  @Option(name: .long, parsing: .unconditional, help: "Stop after this much audio: 30s, 500ms, 2m, 1h.")
  var duration: AudioDuration?

  @Flag(name: .long, help: "Show the level of the sound on standard error.")
  var meter = false

  @Option(name: .long, help: "Events as text, or as JSON with one object per line.")
  var format = OutputFormat.text

  /// Not `validate`: that would come before an unknown option is told.
  private func check() throws {
    if device != nil && input != nil {
      throw ValidationError("--device and --input exclude each other: give one of them.")
    }
    if let listed, !listDevices || listed != "all" {
      throw ValidationError("Unexpected argument '\(listed)': a sound file is given with --input.")
    }
    if let option = deviceOptions.used, input != nil {
      throw ValidationError("\(option) is for devices, and --input names a file.")
    }
  }

  func run() throws {
    try check()
    // The audio thread alone uses the device, so alsa-lib's own locks have nothing to guard. Before its first use.
    setenv("LIBASOUND_THREAD_SAFE", "0", 0)
    if listDevices { return try DeviceListing(format: format, listsAll: listed != nil).print() }
    let file = try modelOptions.load(default: ModelLocation.streamName)
    let setUp = try SpotterSetUp(file: file, settings: detectorOptions.settings(for: file.model))
    let stop = try StopRequest()
    try ListenSession(
      origin: input.map { .input($0) } ?? .device(device ?? "default", deviceOptions.settings, deviceOptions.policy),
      file: file, stop: stop,
      limit_samples: duration?.samples(rate_hz: outputRate_hz), format: format, showsMeter: meter
    ).run(setUp)
  }
}
