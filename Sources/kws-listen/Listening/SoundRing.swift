import AudioInput
import Synchronization

/// The last sound heard, from the audio thread to the one that saves it, without locks: one writes, one reads.
final class SoundRing: Sendable {
  /// 32.8 s.
  static let capacity_samples = 1 << 19
  /// Of these, what may be being written over while `written` does not say so yet.
  static let readable_samples = capacity_samples - ListenLoop.block_samples

  private nonisolated(unsafe) let samples: UnsafeMutablePointer<Int16>
  /// Samples ever written; only the writer changes it.
  private let written = Atomic<Int64>(0)
  /// The reader is done with what comes before. A writer that can wait does not write over the rest.
  private let released = Atomic<Int64>(0)

  init() {
    samples = .allocate(capacity: Self.capacity_samples)
    samples.initialize(repeating: 0, count: Self.capacity_samples)
  }

  deinit { samples.deallocate() }

  /// For the writing thread: at most `ListenLoop.block_samples`.
  func write(_ block: UnsafeBufferPointer<Int16>) {
    let position = written.load(ordering: .relaxed)
    // Or else samples of this block may be seen before the count that has those of the last one (on ARM).
    atomicMemoryFence(ordering: .releasing)
    for at in 0..<block.count {
      samples[Int(truncatingIfNeeded: position &+ Int64(at)) & (Self.capacity_samples &- 1)] = block[at]
    }
    written.store(position &+ Int64(block.count), ordering: .releasing)
  }

  /// Whether the reader is so far behind that a writer that can wait should.
  var isHalfFull: Bool {
    written.load(ordering: .relaxed) &- released.load(ordering: .acquiring) > Int64(Self.capacity_samples / 2)
  }

  /// For the reading thread, as what follows.
  func release(to position: Int64) { released.store(position, ordering: .releasing) }

  var writtenCount: Int64 { written.load(ordering: .acquiring) }

  /// The samples of this range, as far as they were written; nil: some were written over since.
  func copy(_ range: Range<Int64>) -> [Int16]? {
    let upper = min(range.upperBound, writtenCount)
    let lower = max(range.lowerBound, 0)
    guard lower < upper, upper - lower <= Self.readable_samples else { return nil }
    let copied = (lower..<upper).map { samples[Int(truncatingIfNeeded: $0) & (Self.capacity_samples - 1)] }
    // What was written over while it was copied is not what it was. None of it is read after the count is.
    atomicMemoryFence(ordering: .acquiring)
    return writtenCount - lower <= Int64(Self.readable_samples) ? copied : nil
  }
}
