import ArgumentParser
import CommandSupport
import SpotterHost

package struct Command: SilifCommand {
  package static let configuration = CommandConfiguration(
    commandName: "kws-score",
    abstract: "Measures how well a model hears: on clips, precomputed frames or streams.",
    discussion: """
      The parent folder of a clip names its word, where it or a folder beside it is named for a word of the model. \
      _silence_ is silence, any other name is unknown, and _background_noise_ is passed over. Other clips are \
      unlabelled, and what is heard in each is listed.

      Examples:
        kws-score speech_commands/
        kws-score --list test_list.txt --root speech_commands
        kws-score --model ssc.silif --frames x.npy --labels y.npy
        kws-score --stream talk.flac --truth talk.csv --format json
      """,
    version: silifVersion)

  package init() {}

  @OptionGroup var modelOptions: ModelOptions

  @Argument(help: "Sound files, or folders searched for them.")
  var path: [String] = []

  @Option(
    name: .long, help: .init("List of clips, one path per line; the parent folder is the word.", valueName: "file"))
  var list: String?

  @Option(
    name: .long, help: .init("Folder that the list's paths start from (default: the list's own).", valueName: "folder"))
  var root: String?

  @Option(
    name: .long,
    help: .init(
      "Input as .npy, [clip, step, feature]: uint8 and int16 as they are, float32 converted to the model's input format.",
      valueName: "file"))
  var frames: String?

  @Option(name: .long, help: .init("Class of each clip in --frames, as .npy of integers.", valueName: "file"))
  var labels: String?

  @Option(name: .long, help: .init("Sound file to hear as a stream.", valueName: "file"))
  var stream: String?

  @Option(
    name: .long, help: .init("What is said in the stream: CSV with the header start_s,end_s,word.", valueName: "file"))
  var truth: String?

  @Option(
    name: .long,
    help: .init("Where to write the stream's events: JSON lines, each with a verdict.", valueName: "file"))
  var events: String?

  @OptionGroup var detectorOptions: DetectorOptions
  @OptionGroup var soundOptions: SoundOptions

  @Flag(name: .long, help: "List the result of every clip, also when several are given and labelled.")
  var each = false

  @Option(name: .shortAndLong, parsing: .unconditional, help: .init("Threads (default: all cores).", valueName: "n"))
  var jobs: Int?

  @Option(
    name: .long,
    help: .init("Seed of a network that samples (default: the model's own).", valueName: "n"))
  var seed: UInt64?

  @Option(
    name: .long,
    help: .init(
      "Score with so many seeds in a row, and tell the mean, lowest and highest accuracy (default 1).", valueName: "k"))
  var seeds: Int?

  @Option(
    name: .long,
    help: "The report as text, or as one JSON object; with --each csv or jsonl: a row for each clip, as it goes.")
  var format = Format.text

  @Option(
    name: .shortAndLong,
    help: .init("Where to write the rows of csv and jsonl (default: standard output).", valueName: "file"))
  var output: String?

  @Flag(name: .long, help: "Go on where the file of --output ends: clips whose rows it holds are passed over.")
  var resume = false

  @Flag(name: .long, help: "Replace what is in the file of --output.")
  var force = false

  /// Not `validate`: that would come before an unknown option is told.
  private func check() throws {
    let modes = [!path.isEmpty, list != nil, frames != nil, stream != nil].filter { $0 }.count
    guard modes == 1 else {
      throw ValidationError("Give one of: PATH..., --list, --frames, --stream\(modes == 0 ? "." : "; not several.")")
    }
    if root != nil && list == nil { throw ValidationError("--root belongs to --list.") }
    if labels != nil && frames == nil { throw ValidationError("--labels belongs to --frames.") }
    if (truth != nil || events != nil) && stream == nil {
      throw ValidationError("--truth and --events belong to --stream.")
    }
    if stream != nil && truth == nil {
      throw ValidationError(
        "--stream needs --truth; a file with only the header start_s,end_s,word counts false alarms.")
    }
    if detectorOptions.isUsed && stream == nil {
      throw ValidationError("--threshold and --keyword belong to --stream: clips have no threshold.")
    }
    if format.isRows && (!each || stream != nil) {
      throw ValidationError(
        "--format \(format.rawValue) is a row for each clip: it belongs to --each, and not to --stream.")
    }
    if output != nil && !format.isRows { throw ValidationError("--output belongs to --format csv and jsonl.") }
    if (resume || force) && output == nil { throw ValidationError("--resume and --force belong to --output.") }
    if resume && force {
      throw ValidationError("--force belongs to a run without --resume, which keeps the rows that are there.")
    }
    if soundOptions.isUsed && frames != nil {
      throw ValidationError("--channel and --gain are for sound, and --frames are none.")
    }
    if let seeds, !(1...1000).contains(seeds) { throw ValidationError("--seeds must be 1 to 1000, not \(seeds).") }
    if seeds != nil && (format.isRows || stream != nil) {
      throw ValidationError("--seeds gives one report for all clips: not with --stream, nor --format csv and jsonl.")
    }
    if let jobs, !(1...1024).contains(jobs) { throw ValidationError("--jobs must be 1 to 1024, not \(jobs).") }
  }

  package func run() throws {
    try check()
    let loaded = try modelOptions.load()
    if seeds != nil, loaded.model.sampling?.draws != true {
      throw ValidationError("--seeds: nothing in \(loaded.path) is drawn; leave it out.")
    }
    let file = try loaded.drawing(with: seed)
    let stop = try StopRequest()
    if let stream, let truth {
      let settings = try detectorOptions.settings(for: file.model)
      try StreamScoring(
        stream: stream, truth: truth, eventsPath: events, file: file, settings: settings, format: format,
        sound: soundOptions.settings, stop: stop
      ).run()
    } else if format.isRows {
      try RowScoring(
        file: file, jobs: jobs ?? coreCount, format: format, outputPath: output, isResumed: resume,
        replaces: force, sound: soundOptions.settings, stop: stop
      ).run(input)
    } else {
      try BatchScoring(
        file: file, jobs: jobs ?? coreCount, listsEachClip: each, seeds: seeds ?? 1, format: format,
        sound: soundOptions.settings, stop: stop
      ).run(input)
    }
  }

  private var input: BatchInput {
    if let frames { return .frames(frames, labels: labels) }
    if let list { return .list(list, root: root) }
    return .paths(path)
  }
}
