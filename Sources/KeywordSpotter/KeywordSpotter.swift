import LogMel
import SiLIF

/// Samples in, keywords out: front end, network and detector as one state machine for live audio and for files.
///
/// The result does not depend on the sizes of the blocks. After set-up nothing allocates, locks or calls out.
public struct KeywordSpotter {
  /// A keyword and when it was decided.
  public struct Detection: Equatable, Sendable {
    /// Class index.
    public let word: Int
    /// Mean probability over the detector's window, Q15.
    public let score_q15: Int32
    /// Samples consumed at the decision, since the spotter was made; resets do not turn it back.
    public let sample: Int64
  }

  /// What one call consumed.
  public struct Progress {
    /// Samples taken from the block; call again with the rest.
    public let consumed_samples: Int
    /// The keyword decided at the last of them, if any.
    public let detection: Detection?

    init(consumed_samples: Int, detection: Detection?) {
      self.consumed_samples = consumed_samples
      self.detection = detection
    }
  }

  public private(set) var pipeline: FramePipeline
  private var detector: Detector
  /// Samples accepted since the spotter was made.
  public private(set) var sampleCount: Int64 = 0

  /// A spotter of parts that were made by themselves, for one network.
  ///
  /// - Parameters:
  ///   - pipeline: front end and network; the spotter steps it from here on.
  ///   - detector: for as many classes as the network has.
  public init(pipeline: FramePipeline, detector: Detector) {
    self.pipeline = pipeline
    self.detector = detector
  }

  /// After lost samples (an overrun): all state is forgotten and the warm-up begins anew. The sample count runs on.
  public mutating func reset() {
    pipeline.reset()
    detector.reset()
  }

  /// Takes samples until a keyword is decided or the block is used up.
  @_noAllocation @_noLocks
  public mutating func accept(_ samples: UnsafeBufferPointer<Int16>) -> Progress {
    var consumed = 0
    while consumed < samples.count {
      let rest = UnsafeBufferPointer(
        start: samples.baseAddress.unsafelyUnwrapped + consumed, count: samples.count &- consumed)
      let progress = pipeline.accept(rest)
      consumed &+= progress.consumed_samples
      sampleCount &+= Int64(progress.consumed_samples)
      guard progress.hasStepped, let event = detector.step(pipeline.network.probabilities_q15) else { continue }
      return Progress(
        consumed_samples: consumed,
        detection: Detection(word: event.word, score_q15: event.score_q15, sample: sampleCount))
    }
    return Progress(consumed_samples: consumed, detection: nil)
  }
}
