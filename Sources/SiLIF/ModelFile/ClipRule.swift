import FixedPoint

/// Section CLIP: a clip is scored by the best window of each class (docs/SCORING.md, "Clips").
///
/// The score of a class is its level and its weight times the largest mean over the detector's window that there was in the
/// clip. Without the section it is the mean over all of the clip's steps.
///
/// Twins: tools/silif_tools/model_file/clip_rule.py
public struct ClipRule {
  private static let headerBytes = 16
  private static let mostTailFrames: UInt32 = 1024

  /// Frames of zero samples that are heard after a clip's end, 0...1024: a word is known when it is over.
  public let tail_frames: Int
  /// Of the detector, whose window it is; 0: there is no rule.
  private let window_frames: Int
  /// Weight and level of each class, [classes][2].
  private let classes_q15: UnsafePointer<UInt16>?

  /// Of a model whose clips are scored by the mean over all of their steps. (Not an optional, as `Calibration.none`.)
  public static var none: ClipRule { ClipRule() }

  private init() { (tail_frames, window_frames, classes_q15) = (0, 0, nil) }

  /// Whether it is anything but `none`.
  public var exists: Bool {
    @_noAllocation @_noLocks get { window_frames > 0 }
  }

  /// - Parameter window_frames: of the model's detector.
  @_optimize(size)
  init(section: UnsafeRawBufferPointer, classCount: Int, window_frames: Int) throws(ModelError) {
    guard section.count == ClipRule.headerBytes + 4 * classCount else {
      throw ModelError(.inconsistent, "CLIP", value: Int64(section.count))
    }
    // Sections start on multiples of 16. Tail and classes, three reserved words, then weight and level of each class.
    let words = section.bindMemory(to: UInt32.self)
    var wrong = words[0] &- UInt32(classCount) << 16 > ClipRule.mostTailFrames ? 0 : -1
    var at = 1
    while at < words.count && wrong < 0 {
      // Both together: no score is above one.
      let most: UInt32 = at < ClipRule.headerBytes / 4 ? 0 : 32768
      if (words[at] & 0xFFFF) &+ words[at] >> 16 > most { wrong = at }
      at &+= 1
    }
    guard wrong < 0 else { throw ModelError(.outOfRange, "clip_rule", value: Int64(wrong)) }
    tail_frames = Int(words[0] & 0xFFFF)
    self.window_frames = window_frames
    classes_q15 = (section.baseAddress.unsafelyUnwrapped + ClipRule.headerBytes).assumingMemoryBound(to: UInt16.self)
  }

  /// What the best window's mean counts, 0...32768. The rule must exist.
  @_noAllocation @_noLocks
  public func weight_q15(_ index: Int) -> Int32 { Int32(classes_q15.unsafelyUnwrapped[2 &* index]) }

  /// What the class has without any of it, 0...32768. The rule must exist.
  @_noAllocation @_noLocks
  public func level_q15(_ index: Int) -> Int32 { Int32(classes_q15.unsafelyUnwrapped[2 &* index &+ 1]) }

  /// A class's score, 0...32768.
  ///
  /// - Parameters:
  ///   - sum_q15: the largest sum of the class's probabilities over the detector's window, 0...2^15 · window.
  ///   - index: the class. The rule must exist.
  @_noAllocation @_noLocks
  public func score_q15(bestSum sum_q15: Int32, ofClass index: Int) -> Int32 {
    guard window_frames > 0 else { return 0 }
    let width = Int32(truncatingIfNeeded: window_frames)
    let mean_q15 = (sum_q15 &+ width / 2) / width
    // At most 2^30.
    return level_q15(index) &+ roundedShift(weight_q15(index) &* mean_q15, rightBy: 15)
  }
}
