/// A block of samples for one thread.
package final class ClipScratch {
  package static let block_samples = 4096
  package let block: UnsafeMutableBufferPointer<Int16>
  /// For clips of precomputed frames.
  package var values: [Int16] = []

  package init() {
    block = .allocate(capacity: ClipScratch.block_samples)
    block.initialize(repeating: 0)
  }

  deinit { block.deallocate() }
}
