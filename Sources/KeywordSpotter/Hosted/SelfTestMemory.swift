import SiLIF

extension Model {
  /// `runSelfTest(memory:)` in memory of its own.
  public func runSelfTest() throws(SpotterError) -> (digest: UInt64, step_count: Int) {
    let memory = AlignedMemory(byteCount: try ClipScorer.requiredBytes(for: self))
    return try runSelfTest(memory: memory.bytes)
  }
}
