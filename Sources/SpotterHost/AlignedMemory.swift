import KeywordSpotter
import SiLIF

/// Owns one zeroed block of memory, aligned to 64 bytes: what the pipelines run in.
public final class AlignedMemory: @unchecked Sendable {
  public let bytes: UnsafeMutableRawBufferPointer

  public init(byteCount: Int) {
    bytes = .allocate(byteCount: max(byteCount, 64), alignment: 64)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { bytes.deallocate() }
}

extension Model {
  /// `runSelfTest(memory:)` in memory of its own.
  public func runSelfTest() throws(SpotterError) -> (digest: UInt64, step_count: Int) {
    let memory = AlignedMemory(byteCount: try ClipScorer.requiredBytes(for: self))
    return try runSelfTest(memory: memory.bytes)
  }
}
