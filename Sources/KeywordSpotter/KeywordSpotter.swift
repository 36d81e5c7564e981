import LogMel
import SiLIF

/// Samples in, keywords out: front end, network and detector as one state machine for live audio and for files.
///
/// A model without front end takes frames instead. The result does not depend on the sizes of the blocks. After set-up
/// nothing allocates, locks or calls out.
public struct KeywordSpotter {
  /// Front end and network.
  public private(set) var pipeline: FramePipeline
  /// Smoothing and thresholds. Levels may be set at any time.
  public private(set) var detector: Detector
  /// Samples accepted since the spotter was made; frames, for a model without front end. Resets do not turn it back.
  public private(set) var position: Int64 = 0
  /// What the last step decided, if anything.
  public private(set) var event: KeywordEvent?

  /// A spotter of parts that were made by themselves, for the same network.
  ///
  /// - Parameters:
  ///   - pipeline: front end and network; only the spotter steps it from here on.
  ///   - detector: for as many classes as the network has.
  public init(pipeline: FramePipeline, detector: Detector) {
    self.pipeline = pipeline
    self.detector = detector
  }

  /// After lost samples (an overrun): all state is forgotten and the warm-up begins anew. The position runs on.
  public mutating func reset() {
    pipeline.reset()
    detector.reset()
    event = nil
  }

  /// Takes samples from the front of `samples` until a keyword is decided or none are left.
  ///
  /// - Parameter samples: 16 bits, at the front end's rate; what was not taken stays, for the next call.
  /// - Returns: the keyword decided at the last sample taken; nil: all were taken, or the model has no front end.
  @_noAllocation @_noLocks
  public mutating func accept(_ samples: inout UnsafeBufferPointer<Int16>) -> KeywordEvent? {
    while step(&samples) {
      if let event { return event }
    }
    return nil
  }

  /// The same for one network step: takes samples until the network has made one or none are left.
  ///
  /// - Returns: whether it made one; `event` says what was decided. Never, where the model has no front end.
  @_noAllocation @_noLocks
  public mutating func step(_ samples: inout UnsafeBufferPointer<Int16>) -> Bool {
    let before = samples.count
    let hasStepped = pipeline.accept(&samples)
    return decide(hasStepped, taken: before &- samples.count)
  }

  /// Takes one frame, [inputCount], from the front of `frames`.
  ///
  /// - Returns: false where no whole frame is left; otherwise `event` says what was decided.
  @_noAllocation @_noLocks
  public mutating func step(frames: inout UnsafeBufferPointer<Int16>) -> Bool {
    let hasStepped = pipeline.accept(frames: &frames)
    return decide(hasStepped, taken: hasStepped ? 1 : 0)
  }

  @_noAllocation @_noLocks
  private mutating func decide(_ hasStepped: Bool, taken: Int) -> Bool {
    position &+= Int64(taken)
    event = hasStepped ? detector.step(pipeline.network.probabilities_q15, at: position) : nil
    return hasStepped
  }
}
