import LogMel
import SiLIF

/// Scores whole clips: a fresh network per clip, the readout's probabilities summed over all its frames.
public struct ClipScorer {
  public let network: Network
  private var pipeline: FramePipeline?
  private let header: NetworkHeader

  /// What a clip gave.
  public struct Score: Sendable {
    /// Class with the largest sum, the first of equals.
    public let winner: Int
    /// Probabilities summed over the frames, Q15, [classes].
    public let sums_q15: [Int64]
    /// Network steps.
    public let frames: Int
    /// Spikes of all hidden layers.
    public let spikes: UInt64
    /// Synaptic operations by the paper's definition.
    public let synapticOperations: UInt64
    /// Sums that left their range; nil in release builds.
    public let saturations: UInt64?
  }

  /// Bytes of memory that `init(model:memory:)` needs, aligned to 64.
  public static func requiredBytes(for model: Model) throws(SpotterError) -> Int {
    model.frontEnd == nil ? Network.requiredBytes(for: model) : try FramePipeline.requiredBytes(for: model)
  }

  public init(model: Model, memory: UnsafeMutableRawBufferPointer) throws(SpotterError) {
    header = model.header
    if model.frontEnd == nil {
      network = Network(model: model, memory: memory)
    } else {
      let made = try FramePipeline(model: model, memory: memory)
      pipeline = made
      network = made.network
    }
  }

  /// Samples in one clip of the length the model was trained on; shorter clips get zero samples at their end. 0 where
  /// the model has no clip length or no front end.
  public var clipLength_samples: Int {
    guard let pipeline, header.clip_frames > 0 else { return 0 }
    return pipeline.settings.frameLength_samples + (header.clip_frames - 1) * pipeline.settings.hop_samples
  }

  /// Scores samples, with zero samples appended up to the clip length.
  ///
  /// - Parameter onStep: called after every network step, for traces.
  /// - Precondition: the model has a front end.
  public mutating func score(
    samples: UnsafeBufferPointer<Int16>, onStep: (Network) -> Void = { _ in }
  ) -> Score {
    precondition(pipeline != nil, "this model takes precomputed frames")
    pipeline!.reset()
    var sums = [Int64](repeating: 0, count: header.classCount)
    var frames = 0
    feed(samples, &sums, &frames, onStep)
    if samples.count < clipLength_samples {
      let silence = [Int16](repeating: 0, count: clipLength_samples - samples.count)
      silence.withUnsafeBufferPointer { feed($0, &sums, &frames, onStep) }
    }
    return finish(sums, frames)
  }

  /// Scores precomputed frames in the model's input format, [frame][inputCount].
  public mutating func score(
    frames: UnsafeBufferPointer<Int16>, onStep: (Network) -> Void = { _ in }
  ) -> Score {
    network.reset()
    var sums = [Int64](repeating: 0, count: header.classCount)
    let count = frames.count / header.inputCount
    for index in 0..<count {
      network.step(frames.baseAddress.unsafelyUnwrapped + index * header.inputCount)
      add(&sums)
      onStep(network)
    }
    return finish(sums, count)
  }

  private mutating func feed(
    _ samples: UnsafeBufferPointer<Int16>, _ sums: inout [Int64], _ frames: inout Int, _ onStep: (Network) -> Void
  ) {
    var rest = samples
    while !rest.isEmpty {
      let progress = pipeline!.accept(rest)
      rest = UnsafeBufferPointer(rebasing: rest[progress.consumed_samples...])
      if progress.hasStepped {
        add(&sums)
        frames += 1
        onStep(network)
      }
    }
  }

  private func add(_ sums: inout [Int64]) {
    for index in 0..<sums.count { sums[index] += Int64(network.probabilities_q15[index]) }
  }

  private func finish(_ sums: [Int64], _ frames: Int) -> Score {
    var winner = 0
    for index in sums.indices where sums[index] > sums[winner] { winner = index }
    return Score(
      winner: winner, sums_q15: sums, frames: frames, spikes: network.spikeCount,
      synapticOperations: network.synapticOperationCount, saturations: network.saturationCount)
  }
}
