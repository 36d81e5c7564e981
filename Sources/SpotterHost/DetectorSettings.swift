import Kernels
import KeywordSpotter
import SiLIF

/// A detector's settings: the model's defaults, and what the user overrides. All times in frames, all scores in Q15.
public struct DetectorSettings: Sendable {
  /// When one class is reported.
  public struct Word: Sendable {
    /// Mean probability at which the word is reported, 0...32768.
    public var threshold_q15: Int32
    /// Mean probability below which the word may be reported again, 0...32768.
    public var rearm_q15: Int32
    /// Whether the class is reported at all.
    public var isKeyword: Bool
  }

  /// Frames whose probabilities are averaged, 1...1024.
  public var window_frames: Int
  /// Frames after a start or a gap in which nothing is reported, 0 or more.
  public var warmUp_frames: Int
  /// Frames after an event in which nothing is reported, 0 or more.
  public var refractory_frames: Int
  /// Of all keywords' means together that one must have to be scored by them together, 0...32768; 0: each by its own.
  public var leastShare_q15: Int32
  /// One for each class, in the readout's order.
  public var words: [Word]

  /// What the model's file says.
  public init(defaultsOf model: Model) {
    let defaults = model.detector
    window_frames = defaults.window_frames
    warmUp_frames = defaults.warmUp_frames
    refractory_frames = defaults.refractory_frames
    leastShare_q15 = defaults.leastShare_q15
    words = (0..<model.header.classCount).map {
      Word(
        threshold_q15: defaults.threshold_q15($0), rearm_q15: defaults.rearm_q15($0), isKeyword: defaults.isKeyword($0))
    }
  }

  /// Sets a word's threshold; its re-arming level keeps its ratio to the threshold.
  ///
  /// - Parameters:
  ///   - probability: 0...1.
  ///   - index: the class, an index of `words`.
  public mutating func setThreshold(_ probability: Double, forClass index: Int) {
    let old = words[index]
    let threshold = Int32((probability * 32768).rounded())
    words[index].threshold_q15 = threshold
    words[index].rearm_q15 = Detector.scaledRearm_q15(old.rearm_q15, from: old.threshold_q15, to: threshold)
  }
}

extension Detector {
  /// Bytes of memory that `init(settings:memory:)` needs, aligned to 64.
  public static func requiredBytes(for settings: DetectorSettings) -> Int {
    requiredBytes(window_frames: settings.window_frames, classes: settings.words.count)
  }

  /// A detector with these settings.
  ///
  /// - Parameters:
  ///   - settings: with a window of 1 to 1024 frames.
  ///   - calibration: of the model whose window that is: how sure to be of events.
  ///   - memory: at least `requiredBytes(for:)`, aligned to 64, owned by the caller.
  public init(
    settings: DetectorSettings, calibration: Calibration = .none, memory: UnsafeMutableRawBufferPointer
  ) {
    self.init(
      window_frames: settings.window_frames, warmUp_frames: settings.warmUp_frames,
      refractory_frames: settings.refractory_frames, classes: settings.words.count,
      leastShare_q15: settings.leastShare_q15, calibration: calibration, memory: memory)
    for (index, word) in settings.words.enumerated() where word.isKeyword {
      setLevels(threshold_q15: word.threshold_q15, rearm_q15: word.rearm_q15, ofClass: index)
    }
  }
}

extension KeywordSpotter {
  /// Bytes of memory that `init(model:settings:memory:)` needs, aligned to 64.
  ///
  /// - Throws: SpotterError where the front end does not fit this build or the network.
  public static func requiredBytes(for model: Model, settings: DetectorSettings) throws(SpotterError) -> Int {
    try FramePipeline.requiredBytes(for: model) + Detector.requiredBytes(for: settings)
  }

  /// A spotter for a model, with its settings.
  ///
  /// - Parameters:
  ///   - model: its bytes must outlive the spotter.
  ///   - settings: the model's defaults, possibly overridden.
  ///   - memory: at least `requiredBytes(for:settings:)`, aligned to 64, owned by the caller and not moved.
  ///   - kernels: one of `KernelSet.available`.
  /// - Throws: SpotterError, as `requiredBytes(for:settings:)`.
  public init(
    model: Model, settings: DetectorSettings, memory: UnsafeMutableRawBufferPointer, kernels: KernelSet = .best
  ) throws(SpotterError) {
    let pipelineBytes = try FramePipeline.requiredBytes(for: model)
    self.init(
      pipeline: try FramePipeline(
        model: model, memory: UnsafeMutableRawBufferPointer(rebasing: memory[..<pipelineBytes]), kernels: kernels),
      detector: Detector(
        settings: settings, calibration: model.eventCalibration,
        memory: UnsafeMutableRawBufferPointer(rebasing: memory[pipelineBytes...])))
  }
}
