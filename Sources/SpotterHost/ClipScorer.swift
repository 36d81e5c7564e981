import KeywordSpotter
import LogMel
import SiLIF

/// Scores whole clips: a fresh network per clip; of each class the mean probability over all frames, or, where the model has
/// a rule for clips, its best window.
///
/// A clip comes in one piece (`score`) or in blocks of any size (`begin`, `accept`, `finish`).
///
/// Twins: Sources/SiLIFC/Engine.swift
public struct ClipScorer {
  private var pipeline: FramePipeline
  private let header: NetworkHeader
  private let calibration: Calibration
  private let rule: ClipRule
  /// For the sums over its window, where there is a rule.
  private var detector: Detector
  private var sums_q15: [Int64]
  private var layerSpikes: [UInt64]
  private var frames = 0
  private var samples = 0

  /// What a clip gave.
  public struct Score: Sendable {
    /// Class with the largest sum, the first of equals.
    public let winner: Int
    /// Score of each class times the frames, Q15, [classes]; without a rule probabilities summed over the frames.
    public let sums_q15: [Int64]
    /// Network steps.
    public let frames: Int
    /// Spikes of each hidden layer.
    public let layerSpikes: [UInt64]
    /// Synaptic operations by the paper's definition.
    public let synapticOperations: UInt64
    /// Sums that left their range; nil in release builds.
    public let saturations: UInt64?
    /// That the winner is right, Q15, 0...32768; -1 where the model does not say how sure to be (docs/SCORING.md), or for a
    /// clip without a frame.
    public let probability_q15: Int32

    /// Spikes of all hidden layers.
    public var spikes: UInt64 { layerSpikes.reduce(0, +) }
    /// Score of each class, 0...1; 0 for a clip without a frame.
    public var scores: [Double] { sums_q15.map { Double($0) / Double(max(frames, 1)) / 32768 } }
    /// The same, 0...1; nil where there is none.
    public var probability: Double? { probability_q15 < 0 ? nil : Double(probability_q15) / 32768 }
    /// Score of the winner, 0...1; 0 for a clip without a frame.
    public var confidence: Double { frames == 0 ? 0 : Double(sums_q15[winner]) / Double(frames) / 32768 }
  }

  /// The network, with the results of its last step.
  public var network: Network { pipeline.network }

  /// Bytes of memory that `init(model:memory:)` needs, aligned to 64.
  ///
  /// - Throws: SpotterError where the front end does not fit this build or the network.
  public static func requiredBytes(for model: Model) throws(SpotterError) -> Int {
    try FramePipeline.requiredBytes(for: model) + Detector.requiredBytes(for: model)
  }

  /// - Parameters:
  ///   - model: its bytes must outlive the scorer. Its `clipRule()` is right, as `ModelFile` makes sure; a wrong one is passed
  ///     over.
  ///   - memory: at least `requiredBytes(for:)`, aligned to 64, owned by the caller and not moved.
  /// - Throws: SpotterError, as `requiredBytes(for:)`.
  public init(model: Model, memory: UnsafeMutableRawBufferPointer) throws(SpotterError) {
    header = model.header
    calibration = model.clipCalibration
    rule = (try? model.clipRule()) ?? .none
    let pipelineBytes = try FramePipeline.requiredBytes(for: model)
    pipeline = try FramePipeline(model: model, memory: memory)
    detector = Detector(model: model, memory: UnsafeMutableRawBufferPointer(rebasing: memory[pipelineBytes...]))
    sums_q15 = [Int64](repeating: 0, count: header.classCount)
    layerSpikes = [UInt64](repeating: 0, count: header.layerCount - 1)
  }

  /// Samples in one clip of the length the model was trained on; shorter clips get zero samples at their end. 0 where
  /// the model has no clip length or no front end.
  public var clipLength_samples: Int {
    guard let frontEnd = pipeline.frontEnd, header.clip_frames > 0 else { return 0 }
    return frontEnd.frameLength_samples + (header.clip_frames - 1) * frontEnd.hop_samples
  }

  /// Scores samples, with zero samples appended up to the clip length, and for the frames after it that the rule asks for.
  ///
  /// - Parameter onStep: called after every network step, for traces.
  /// - Precondition: the model has a front end.
  public mutating func score(
    samples: UnsafeBufferPointer<Int16>, onStep: (Network) -> Void = { _ in }
  ) -> Score {
    begin()
    accept(samples, onStep: onStep)
    return finish(onStep: onStep)
  }

  /// Scores precomputed frames in the model's input format, [frame][inputCount], past the front end if there is one.
  ///
  /// - Parameter onStep: called after every network step, for traces.
  public mutating func score(
    frames: UnsafeBufferPointer<Int16>, onStep: (Network) -> Void = { _ in }
  ) -> Score {
    begin()
    var rest = frames
    while pipeline.accept(frames: &rest) {
      countStep()
      onStep(network)
    }
    return result
  }

  /// Starts a clip.
  public mutating func begin() {
    pipeline.reset()
    detector.reset()
    for index in sums_q15.indices { sums_q15[index] = 0 }
    for index in layerSpikes.indices { layerSpikes[index] = 0 }
    frames = 0
    samples = 0
  }

  /// Takes the clip's next samples. The score does not depend on the blocks' sizes.
  ///
  /// - Precondition: the model has a front end.
  public mutating func accept(_ block: UnsafeBufferPointer<Int16>, onStep: (Network) -> Void = { _ in }) {
    precondition(pipeline.frontEnd != nil, "this model takes precomputed frames")
    samples += block.count
    var rest = block
    while pipeline.accept(&rest) {
      countStep()
      onStep(network)
    }
  }

  /// Ends a clip of samples: zero samples up to the clip length and for the rule's frames after it, then the score.
  public mutating func finish(onStep: (Network) -> Void = { _ in }) -> Score {
    // In blocks: a model may ask for hours.
    withUnsafeTemporaryAllocation(of: Int16.self, capacity: 4096) { silence in
      silence.initialize(repeating: 0)
      let tail_samples = rule.tail_frames * (pipeline.frontEnd?.hop_samples ?? 0)
      let end = max(samples, clipLength_samples) + tail_samples
      while samples < end {
        let missing = min(end - samples, silence.count)
        accept(UnsafeBufferPointer(rebasing: silence[..<missing]), onStep: onStep)
      }
    }
    return result
  }

  private mutating func countStep() {
    if rule.exists { _ = detector.step(network.probabilities_q15, at: 0) }
    sums_q15.withUnsafeMutableBufferPointer { rule.add(pipeline.network, detector, to: $0) }
    for index in layerSpikes.indices { layerSpikes[index] += UInt64(network.spikeCount(ofLayer: index)) }
    frames += 1
  }

  private var result: Score {
    var sums_q15 = sums_q15
    let winner = sums_q15.withUnsafeMutableBufferPointer { rule.finish($0, steps: frames) }
    let probability_q15 = sums_q15.withUnsafeBufferPointer {
      calibration.probability_q15(ofClip: $0, winner: winner, frames: frames)
    }
    return Score(
      winner: winner, sums_q15: sums_q15, frames: frames, layerSpikes: layerSpikes,
      synapticOperations: network.synapticOperationCount, saturations: network.saturationCount,
      probability_q15: probability_q15)
  }
}
