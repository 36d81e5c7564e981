import SiLIF

extension Model {
  /// Runs the model's self-test: steps its input through a fresh network and digests all that happens.
  ///
  /// - Parameter memory: what a `FramePipeline` needs, or a `Network` where the model has no front end; its content is
  ///   lost.
  /// - Returns: the digest and the steps made; equal to `selfTest.digest` and `selfTest.step_count` where the machine
  ///   computes what the exporter computed.
  public func runSelfTest(
    memory: UnsafeMutableRawBufferPointer
  ) throws(SpotterError) -> (digest: UInt64, step_count: Int) {
    var digest = FNV1a()
    var steps = 0
    switch selfTest.input {
    case .samples:
      var pipeline = try FramePipeline(model: self, memory: memory)
      pipeline.reset()
      var rest = selfTest.values
      while !rest.isEmpty {
        let progress = pipeline.accept(rest)
        rest = UnsafeBufferPointer(rebasing: rest[progress.consumed_samples...])
        guard progress.hasStepped else { continue }
        pipeline.network.updateDigest(&digest)
        steps += 1
      }
    case .frames:
      let network = Network(model: self, memory: memory)
      for index in 0..<selfTest.step_count {
        network.step(selfTest.values.baseAddress.unsafelyUnwrapped + index * header.inputCount)
        network.updateDigest(&digest)
        steps += 1
      }
    }
    return (digest.value, steps)
  }
}
