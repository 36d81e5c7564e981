import ArgumentParser
import AudioInput
import CommandSupport
import SpotterHost

/// Scores a batch and prints the report.
struct BatchScoring {
  let file: ModelFile
  let jobs: Int
  let listsEachClip: Bool
  /// How many seeds in a row are tried, from the model's own on.
  let seeds: Int
  let format: Format
  let sound: SoundSettings
  let stop: StopRequest

  /// - Throws: ExitCode 1 when a clip failed, that of the signal when clips or seeds are left; the report is printed before.
  func run(_ input: BatchInput) throws {
    let batch = try input.batch(for: file, sound)
    let progress = Progress()
    var run = BatchRun(file: file, jobs: jobs, stop: stop)
    let count = batch.count
    let start_ns = MonotonicClock.now_ns
    run.onProgress = {
      progress.show(
        progressText(done: $0, of: count, elapsed_s: MonotonicClock.seconds(since: start_ns)),
        bar: progressBar(done: $0, of: count))
    }
    let (outcomes, workers) = try run.run(batch)
    var report = BatchReport(file: file, batch: batch, outcomes: outcomes)
    report.elapsed_s = MonotonicClock.seconds(since: start_ns)
    report.jobs = workers
    report.listsClips = listsEachClip || count == 1 || report.tally.labelled == 0
    if let sampling = file.model.sampling, sampling.draws {
      let first = sampling.seed
      report.addSeed(first, correct: report.tally.correct)
      // Stopped, the report covers the seeds that were done.
      for seed in (1..<max(seeds, 1)).map({ first &+ UInt64($0) }) where !report.isInterrupted {
        var run = BatchRun(file: file.drawing(seed: seed), jobs: jobs, stop: stop)
        run.onProgress = {
          progress.show(
            "seed \(seed): " + progressText(done: $0, of: count, elapsed_s: MonotonicClock.seconds(since: start_ns)),
            bar: progressBar(done: $0, of: count))
        }
        let other = BatchReport(file: file, batch: batch, outcomes: try run.run(batch).outcomes)
        report.isInterrupted = other.isInterrupted
        if !other.isInterrupted { report.addSeed(seed, correct: other.tally.correct) }
      }
    }
    progress.clear()
    if workers < min(jobs, count) {
      Diagnostics.say(
        "\(workers) of \(min(jobs, count)) jobs ran: there was no memory for more; see --jobs", command: "kws-score")
    }
    BatchRun.noteInput(outcomes, of: batch, header: file.model.header)
    for error in report.errors { Diagnostics.say(error.message, command: "kws-score") }
    if report.isInterrupted { Diagnostics.say("interrupted: the report covers what was done", command: "kws-score") }
    let output = StandardOutput()
    try output.write(format == .json ? report.json.text + "\n" : report.text)
    try output.flush()
    if report.isInterrupted { throw ExitCode(stop.exitStatus) }
    if !report.errors.isEmpty { throw ExitCode(1) }
  }
}
