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
  let replaces: Bool
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
    var (descriptor, first, failedBefore, isEmpty) = (STDOUT_FILENO, 0, 0, true)
    if let outputPath {
      let found = try RowFile(
        path: outputPath, row: row, count: count, name: { batch.name($0) }, isResumed: isResumed, replaces: replaces)
      (descriptor, first, failedBefore, isEmpty) = (
        found.descriptor, found.rows_count, found.failed_count, found.isEmpty
      )
      if let (index, bytes) = found.lastScored { try check(bytes, of: index, batch, row, path: outputPath) }
      try found.goOn(path: outputPath)
    }
    let writer = RowWriter(descriptor: descriptor, name: outputPath, first: first, stop: stop)
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
    BatchRun.noteInput(outcomes, of: batch, header: file.model.header)
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
    if failedBefore > 0 {
      Diagnostics.say(
        "\(outputPath ?? ""): of its first \(first) rows \(failedBefore) tell an error", command: "kws-score")
    }
    if failed + failedBefore > 0 { throw ExitCode(1) }
  }

  /// A row says which file it is about, and not by which options or by which model of that name: so the last one that is there is
  /// made again, which gives the same bytes on every machine.
  private func check(
    _ found: [UInt8], of index: Int, _ batch: some ClipBatch, _ row: ClipRow, path: String
  ) throws(Failure) {
    let memory: AlignedMemory
    var scorer: ClipScorer
    do {
      memory = AlignedMemory(byteCount: try ClipScorer.requiredBytes(for: file.model))
      scorer = try ClipScorer(model: file.model, memory: memory.bytes)
    } catch { throw Failure(spotterMessage(error, path: file.path)) }
    defer { withExtendedLifetime(memory) {} }
    // A recording that has gone since then proves nothing.
    guard let outcome = try? batch.score(index, scorer: &scorer) else { return }
    guard
      StandardOutput.bytes(of: row.text(batch.name(index), label: batch.label(index), .scored(outcome))) == found + [
        0x0A
      ]
    else {
      throw Failure(
        "\(path): row \(index + 1), about \(batch.name(index)), is not what this model, these options and this recording"
          + " give; go on with those of the run before, or give another --output")
    }
  }
}
