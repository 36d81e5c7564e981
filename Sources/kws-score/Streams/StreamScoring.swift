import ArgumentParser
import AudioInput
import CommandSupport
import KeywordSpotter
import SpotterHost

/// Hears a stream, compares its events with the truth and prints the report.
struct StreamScoring {
  let stream: String
  let truth: String
  let eventsPath: String?
  let file: ModelFile
  let settings: DetectorSettings
  let format: Format
  let sound: SoundSettings
  let stop: StopRequest

  /// - Throws: ExitCode of the signal when the sound was not heard to its end; the report is printed before.
  func run() throws {
    let truth = try TruthFile.read(truth)
    warnOfForeignWords(truth)
    let words = file.model.words.strings
    let setUp = try SpotterSetUp(file: file, settings: settings)
    let progress = Progress()
    let start_ns = MonotonicClock.now_ns
    let heard = try StreamRun.events(path: stream, sound: sound, setUp: setUp, stop: stop) {
      progress.show("\(decimalText($0 / 60, decimals: 1)) min")
    }
    progress.clear()
    if !stop.isRequested { try check(truth, audio_s: heard.audio_s) }
    var report = StreamReport(
      modelPath: file.path, score: StreamScore(events: heard.events, words: words, truth: truth), events: heard.events,
      words: words, audio_s: heard.audio_s)
    report.elapsed_s = MonotonicClock.seconds(since: start_ns)
    report.isInterrupted = stop.isRequested
    if let eventsPath { try writeFile(eventsPath, report.eventLines) }
    let output = StandardOutput()
    try output.write(format == .json ? report.json.text + "\n" : report.text)
    try output.flush()
    if report.isInterrupted { throw ExitCode(stop.exitStatus) }
  }

  /// The truth about another recording, or about a longer one, would count words as missed that nobody could hear.
  private func check(_ truth: [TruthWord], audio_s: Double) throws(Failure) {
    // A label is set by hand, and ends where the sound does.
    guard let beyond = truth.first(where: { $0.end_s > audio_s + 0.1 }) else { return }
    throw Failure(
      "\(self.truth): '\(beyond.word)' ends at \(decimalText(beyond.end_s, decimals: 2)) s, and \(stream) has "
        + "\(decimalText(audio_s, decimals: 2)) s; do they belong together?")
  }

  private func warnOfForeignWords(_ truth: [TruthWord]) {
    let keywords = Set(file.model.keywords)
    let foreign = Set(truth.map(\.word)).subtracting(keywords).sorted()
    guard !foreign.isEmpty else { return }
    Diagnostics.say(
      "\(self.truth): the model does not report \(foreign.joined(separator: ", ")): these words count as misses",
      command: "kws-score")
  }
}
