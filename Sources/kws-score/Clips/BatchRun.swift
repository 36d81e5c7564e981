import CommandSupport
import SiLIF
import SpotterHost
import Synchronization

/// Scores a batch on several threads. The results stand in the batch's order, whoever made them.
struct BatchRun {
  enum Outcome: Sendable {
    case scored(ClipOutcome)
    case failed(Failure)
    /// A stop was requested before it was this clip's turn.
    case skipped
  }

  /// Says what is to be said of the clips' input, once they are scored.
  static func noteInput(_ outcomes: [Outcome], of batch: some ClipBatch, header: NetworkHeader) {
    for note in batch.notes { Diagnostics.say(note, command: "kws-score") }
    noteScales(outcomes, of: batch)
    noteChannels(outcomes, of: batch)
    noteLengths(outcomes, of: batch, header: header)
  }

  /// Names the first clip whose floats are in the scale of integers, and says how many there are.
  private static func noteScales(_ outcomes: [Outcome], of batch: some ClipBatch) {
    guard let (index, clip, more) = first(outcomes, where: { $0.scaleNote != nil }), let note = clip.scaleNote
    else { return }
    Diagnostics.say("\(batch.name(index)): its \(note)\(more)", command: "kws-score")
  }

  /// Names the first clip whose channels cancel each other, and says how many there are.
  private static func noteChannels(_ outcomes: [Outcome], of batch: some ClipBatch) {
    guard let (index, clip, more) = first(outcomes, where: { $0.channelNote != nil }), let note = clip.channelNote
    else { return }
    Diagnostics.say("\(batch.name(index)): \(note)\(more)", command: "kws-score")
  }

  /// Names the first sound that is no clip: one word is told of it, whatever else it holds.
  private static func noteLengths(_ outcomes: [Outcome], of batch: some ClipBatch, header: NetworkHeader) {
    guard batch.isSound, header.clip_frames > 0 else { return }
    let clip_s = Double(header.clip_frames) * Double(header.step_us) * 1e-6
    guard let (index, clip, more) = first(outcomes, where: { $0.audio_s > 5 * clip_s }) else { return }
    Diagnostics.say(
      "\(batch.name(index)): \(decimalText(clip.audio_s, decimals: 1)) s are scored as one clip, and clips of this model have "
        + "\(decimalText(clip_s, decimals: 1)) s\(more); --stream with --truth scores the words in a long sound, "
        + "kws-listen --input lists them",
      command: "kws-score")
  }

  /// The first clip of which something is true, with what says how many there are.
  private static func first(
    _ outcomes: [Outcome], where isMeant: (ClipOutcome) -> Bool
  ) -> (index: Int, clip: ClipOutcome, more: String)? {
    let found = outcomes.indices.compactMap { index in
      if case .scored(let clip) = outcomes[index], isMeant(clip) { (index, clip) } else { nil }
    }
    guard let (index, clip) = found.first else { return nil }
    return (index, clip, found.count > 1 ? " (\(found.count) such files)" : "")
  }

  let file: ModelFile
  let jobs: Int
  let stop: StopRequest
  /// The first clip to score; those before it are skipped.
  var first = 0
  /// Called by one thread now and then with the number of clips done.
  var onProgress: @Sendable (Int) -> Void = { _ in }

  init(file: ModelFile, jobs: Int, stop: StopRequest) {
    self.file = file
    self.jobs = jobs
    self.stop = stop
  }

  /// - Parameter onOutcome: called by the thread that scored a clip, with its index; false ends the run.
  /// - Returns: one outcome for each clip, and the threads that ran.
  func run(
    _ batch: some ClipBatch, onOutcome: @escaping @Sendable (Int, Outcome) -> Bool = { _, _ in true }
  ) throws(Failure) -> (outcomes: [Outcome], workers: Int) {
    let memoryBytes: Int
    do { memoryBytes = try ClipScorer.requiredBytes(for: file.model) } catch {
      throw Failure(spotterMessage(error, path: file.path))
    }
    let results = ResultSlots(count: batch.count)
    let next = Counter(first)
    let isOver = Flag()
    let (file, stop, onProgress) = (file, stop, onProgress)
    let wanted = max(1, min(jobs, batch.count))
    let workers = runWorkers(WorkerMemory.affordable(wanted, each_bytes: memoryBytes)) { worker in
      let memory = AlignedMemory(byteCount: memoryBytes)
      // The sizes were just computed from the same model.
      guard var scorer = try? ClipScorer(model: file.model, memory: memory.bytes) else { return }
      while true {
        let index = next.take()
        guard index < results.count, !stop.isRequested, !isOver.isSet else { break }
        do throws(Failure) {
          results[index] = .scored(try batch.score(index, scorer: &scorer))
        } catch {
          results[index] = .failed(error)
        }
        if !onOutcome(index, results[index]) { isOver.set() }
        if worker == 0 { onProgress(min(index + 1, results.count)) }
      }
      withExtendedLifetime(memory) {}
    }
    return (results.all, workers)
  }
}

/// Set by one, seen by all.
private final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}

/// Hands out first, first + 1, ... to all who ask.
private final class Counter: Sendable {
  private let next: Atomic<Int>
  init(_ first: Int) { next = Atomic(first) }
  func take() -> Int { next.wrappingAdd(1, ordering: .relaxed).oldValue }
}

/// One slot a clip; each is written by one thread only, and read when all have ended.
private final class ResultSlots: @unchecked Sendable {
  private let slots: UnsafeMutableBufferPointer<BatchRun.Outcome>

  init(count: Int) {
    slots = .allocate(capacity: count)
    slots.initialize(repeating: .skipped)
  }

  deinit {
    slots.deinitialize()
    slots.deallocate()
  }

  var count: Int { slots.count }
  var all: [BatchRun.Outcome] { Array(slots) }

  subscript(index: Int) -> BatchRun.Outcome {
    get { slots[index] }
    set { slots[index] = newValue }
  }
}
