import SiLIF

extension Model {
  /// Runs the model's self-test: steps its input through a fresh network and digests all that happens.
  ///
  /// - Parameters:
  ///   - memory: what a `FramePipeline` of this model needs; its content is lost.
  ///   - onStep: called after every step with the steps made so far: a test may take minutes.
  /// - Returns: the digest and the steps made; equal to `selfTest.digest` and `selfTest.step_count` where the machine
  ///   computes what the exporter computed. Ends with the first step that the file does not announce.
  /// - Throws: SpotterError where the front end does not fit this build or the network.
  public func runSelfTest(
    memory: UnsafeMutableRawBufferPointer, onStep: (Int) -> Void = { _ in }
  ) throws(SpotterError) -> (digest: UInt64, step_count: Int) {
    var digest = FNV1a()
    var steps = 0
    var pipeline = try FramePipeline(model: self, memory: memory)
    pipeline.reset()
    var rest = selfTest.values
    while steps <= selfTest.step_count,
      selfTest.input == .samples ? pipeline.accept(&rest) : pipeline.accept(frames: &rest)
    {
      pipeline.network.updateDigest(&digest)
      steps += 1
      onStep(steps)
    }
    return (digest.value, steps)
  }
}
