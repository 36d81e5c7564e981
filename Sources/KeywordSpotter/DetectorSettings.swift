import SiLIF

/// A detector's settings: the model's defaults, and what the user overrides. All times in frames, all scores in Q15.
public struct DetectorSettings: Sendable {
  public struct Word: Sendable {
    /// Mean probability at which the word is reported, 0...32768.
    public var threshold_q15: Int32
    /// Mean probability below which the word may be reported again.
    public var rearm_q15: Int32
    /// Whether the class is reported at all.
    public var isKeyword: Bool
  }

  public var window_frames: Int
  public var warmUp_frames: Int
  public var refractory_frames: Int
  public var words: [Word]

  public init(defaultsOf model: Model) {
    let defaults = model.detector
    window_frames = defaults.window_frames
    warmUp_frames = defaults.warmUp_frames
    refractory_frames = defaults.refractory_frames
    words = (0..<model.header.classCount).map {
      Word(
        threshold_q15: defaults.threshold_q15($0), rearm_q15: defaults.rearm_q15($0), isKeyword: defaults.isKeyword($0))
    }
  }

  /// Sets a word's threshold to a probability in 0...1; its re-arming level keeps its ratio to the threshold.
  public mutating func setThreshold(_ probability: Double, forClass index: Int) {
    let old = words[index]
    let threshold = Int32((probability * 32768).rounded())
    words[index].threshold_q15 = threshold
    words[index].rearm_q15 =
      old.threshold_q15 == 0 ? threshold / 2 : Int32(Int64(old.rearm_q15) * Int64(threshold) / Int64(old.threshold_q15))
  }
}
