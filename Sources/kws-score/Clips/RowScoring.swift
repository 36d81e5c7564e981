import ArgumentParser
import AudioInput
import CommandSupport
import Glibc
import SpotterHost

/// Scores a batch and writes a row for each clip as it goes.
struct RowScoring {
  let file: ModelFile
  let jobs: Int
  let format: Format
  /// nil for standard output.
  let outputPath: String?
  let isResumed: Bool
  let sound: SoundSettings
  let stop: StopRequest

  /// - Throws: ExitCode 1 when a clip failed, that of the signal when clips are left.
  func run(_ input: BatchInput) throws {
    let batch = try input.batch(for: file, sound)
    try score(batch)
  }

  private func score(_ batch: some ClipBatch) throws {
    let row = ClipRow(file: file, format: format)
    let count = batch.count
    var (descriptor, first, isEmpty) = (STDOUT_FILENO, 0, true)
    if let outputPath {
      let found = try RowFile(
        path: outputPath, row: row, count: count, name: { batch.name($0) }, isResumed: isResumed)
      (descriptor, first, isEmpty) = (found.descriptor, found.rows_count, found.isEmpty)
    }
    let writer = RowWriter(descriptor: descriptor, name: outputPath, first: first)
    if isEmpty { try writer.begin(row.header) }

    let progress = Progress()
    let start_ns = MonotonicClock.now_ns
    var run = BatchRun(file: file, jobs: jobs, stop: stop)
    run.first = first
    run.onProgress = { [first] in
      progress.show(
        progressText(done: $0, of: count, since: first, elapsed_s: MonotonicClock.seconds(since: start_ns)),
        bar: progressBar(done: $0, of: count))
    }
    let outcomes = try run.run(batch) { index, outcome in
      writer.write(row.text(batch.name(index), label: batch.label(index), outcome), of: index)
    }.outcomes
    progress.clear()
    try writer.check()
    if outputPath != nil && close(descriptor) != 0 {
      throw Failure("\(outputPath ?? ""): cannot be written: \(systemMessage(errno))")
    }
    BatchRun.noteScales(outcomes, of: batch)
    BatchRun.noteLengths(outcomes, of: batch, header: file.model.header)
    var failed = 0
    for case .failed(let failure) in outcomes {
      Diagnostics.say(failure.message, command: "kws-score")
      failed += 1
    }
    let skipped = outcomes[first...].count {
      if case .skipped = $0 { true } else { false }
    }
    if skipped > 0 {
      Diagnostics.say("interrupted: \(skipped) clips are left", command: "kws-score")
      throw ExitCode(stop.exitStatus)
    }
    if failed > 0 { throw ExitCode(1) }
  }
}
