import KeywordSpotter
import SiLIF

/// Owns one zeroed block of memory, aligned to 64 bytes: what the pipelines run in.
public final class AlignedMemory: @unchecked Sendable {
  /// As many as were asked for; good for as long as this object lives.
  public let bytes: UnsafeMutableRawBufferPointer

  /// - Parameter byteCount: 0 or more.
  public init(byteCount: Int) {
    bytes = .allocate(byteCount: byteCount, alignment: 64)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { bytes.deallocate() }
}

extension Model {
  /// `runSelfTest(memory:onStep:)` in memory of its own.
  ///
  /// - Parameter onStep: called after every step with the steps made so far.
  /// - Returns: the digest and the steps made; equal to `selfTest.digest` and `selfTest.step_count` where the machine
  ///   computes what the exporter computed.
  /// - Throws: SpotterError where the front end does not fit this build or the network.
  public func runSelfTest(
    onStep: (Int) -> Void = { _ in }
  ) throws(SpotterError) -> (digest: UInt64, step_count: Int) {
    let memory = AlignedMemory(byteCount: try FramePipeline.requiredBytes(for: self))
    return try runSelfTest(memory: memory.bytes, onStep: onStep)
  }
}
