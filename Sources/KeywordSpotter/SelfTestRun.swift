import SiLIF

extension Model {
  /// Runs the model's self-test: steps its input through a fresh network and digests all that happens.
  ///
  /// - Parameter memory: what a `FramePipeline` of this model needs; its content is lost.
  /// - Returns: the digest and the steps made; equal to `selfTest.digest` and `selfTest.step_count` where the machine
  ///   computes what the exporter computed.
  /// - Throws: SpotterError where the front end does not fit this build or the network.
  public func runSelfTest(
    memory: UnsafeMutableRawBufferPointer
  ) throws(SpotterError) -> (digest: UInt64, step_count: Int) {
    var digest = FNV1a()
    var steps = 0
    var pipeline = try FramePipeline(model: self, memory: memory)
    pipeline.reset()
    var rest = selfTest.values
    while selfTest.input == .samples ? pipeline.accept(&rest) : pipeline.accept(frames: &rest) {
      pipeline.network.updateDigest(&digest)
      steps += 1
    }
    return (digest.value, steps)
  }
}
