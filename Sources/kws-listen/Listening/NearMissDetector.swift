import KeywordSpotter
import SiLIF
import SpotterHost

/// A second detector beside the spotter's, with lower thresholds: what it reports and the other does not was nearly heard.
final class NearMissDetector {
  private var detector: Detector
  private let memory: UnsafeMutableRawBufferPointer

  /// - Parameters:
  ///   - level: mean probability that counts as near, for all keywords.
  ///   - calibration: the model's, for events.
  init(settings: DetectorSettings, level: Double, calibration: Calibration) {
    var lower = settings
    for index in lower.words.indices where lower.words[index].isKeyword { lower.setThreshold(level, forClass: index) }
    memory = .allocate(byteCount: Detector.requiredBytes(for: lower), alignment: 64)
    detector = Detector(settings: lower, calibration: calibration, memory: memory)
  }

  @_noAllocation @_noLocks
  func step(_ probabilities_q15: UnsafePointer<UInt16>, at position: Int64) -> KeywordEvent? {
    detector.step(probabilities_q15, at: position)
  }

  func reset() { detector.reset() }

  deinit { memory.deallocate() }
}
