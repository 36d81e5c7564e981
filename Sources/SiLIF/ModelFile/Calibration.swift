import FixedPoint

/// Section CALB: from what was measured to the probability of being right (docs/SCORING.md, "Probabilities that mean something").
///
/// Three means of probabilities make one number, the evidence; straight lines between knots make the probability of it. All in Q15.
///
/// Twins: tools/silif_tools/model_file/calibration.py
public struct Calibration {
  /// What it is for.
  public enum Target: UInt16, Sendable, BitwiseCopyable {
    /// Winners of whole clips.
    case clips = 1
    /// Events in a stream.
    case events = 2
  }

  private static let headerBytes = 16
  /// Most knots there may be.
  static let mostKnots = 64
  private static let one_q15: Int32 = 32768

  /// What it is for.
  public let target: Target
  /// Frames of the recent mean, 1...1024; 0 for clips.
  public let recent_frames: Int
  /// How often words were said in the streams that it was fitted on; 0 for clips.
  public let wordsPerHour: Int
  private let scoreWeight_q15: Int32
  private let recentWeight_q15: Int32
  private let rivalWeight_q15: Int32
  private let knotCount: Int
  /// Evidence and probability of each knot, [knotCount][2].
  private let knots_q15: UnsafeBufferPointer<UInt16>

  /// Of a model that does not say how sure to be. (Not an optional: Swift 6.0.3 crashes where a step function takes a struct out of one.)
  public static var none: Calibration { Calibration() }

  private init() {
    (target, recent_frames, wordsPerHour, knotCount) = (.events, 0, 0, 0)
    (scoreWeight_q15, recentWeight_q15, rivalWeight_q15) = (0, 0, 0)
    knots_q15 = UnsafeBufferPointer(start: nil, count: 0)
  }

  /// Whether it is anything but `none`.
  public var exists: Bool {
    @_noAllocation @_noLocks get { knotCount > 0 }
  }

  /// - Parameter window_frames: of the model's detector.
  init(section: UnsafeRawBufferPointer, window_frames: Int) throws(ModelError) {
    guard section.count >= Calibration.headerBytes else { throw ModelError(.truncated, "CALB") }
    // Sections start on multiples of 16. Read as a table rather than field by field: it is a third of the code on a board.
    let words = section.bindMemory(to: UInt16.self)
    let isOfEvents = words[0] == Target.events.rawValue
    knotCount = Int(words[1])
    (scoreWeight_q15, recentWeight_q15, rivalWeight_q15) = (Int32(words[2]), Int32(words[3]), Int32(words[4]))
    (recent_frames, wordsPerHour) = (Int(words[5]), Int(words[6]))
    target = isOfEvents ? .events : .clips
    let tableStart = Calibration.headerBytes / 2
    knots_q15 = UnsafeBufferPointer(rebasing: words[tableStart...])
    let refused: (field: StaticString, word: Int)? =
      if !isOfEvents && words[0] != Target.clips.rawValue {
        ("calibrates", 0)
      } else if knotCount < 2 || knotCount > Calibration.mostKnots
        || section.count != Calibration.headerBytes + 4 * knotCount
      {
        ("knot_count", 1)
      } else if scoreWeight_q15 + recentWeight_q15 + rivalWeight_q15 != Calibration.one_q15 {
        ("score_weight_q15", 2)
      } else if !isOfEvents && recentWeight_q15 != 0 {
        ("recent_weight_q15", 3)
      } else if isOfEvents ? recent_frames < 1 || recent_frames > window_frames : recent_frames != 0 {
        ("recent_frames", 5)
      } else if !isOfEvents && wordsPerHour != 0 {
        ("words_per_hour", 6)
      } else if words[7] != 0 {
        ("reserved", 7)
      } else {
        nil
      }
    if let refused { throw ModelError(.outOfRange, refused.field, value: Int64(words[refused.word])) }
    // Evidence rises, so that no division is by zero; probability never falls; none is above one.
    var last: (evidence: Int32, probability: Int32) = (-1, 0)
    for knot in 0..<knotCount {
      let next = (evidence(knot), probability(knot))
      guard next.0 > last.evidence, next.1 >= last.probability, max(next.0, next.1) <= Calibration.one_q15 else {
        throw ModelError(.inconsistent, "knots_q15", value: Int64(knot))
      }
      last = next
    }
  }

  /// The probability of being right, 0...32768; -1 of `none`.
  ///
  /// - Parameters: each 0...32768.
  ///   - score_q15: score of the clip's winner, or of the event.
  ///   - recent_q15: mean of the same class over the last `recent_frames`; of clips without effect.
  ///   - rival_q15: the largest score of another class; of events its largest mean over the window.
  @_noAllocation @_noLocks
  public func probability_q15(score_q15: Int32, recent_q15: Int32, rival_q15: Int32) -> Int32 {
    guard exists else { return -1 }
    // The weights sum to one: at most 2^30.
    var sum_q30 = scoreWeight_q15 &* score_q15
    sum_q30 &+= recentWeight_q15 &* recent_q15
    sum_q30 &+= rivalWeight_q15 &* (Calibration.one_q15 &- rival_q15)
    let evidence_q15 = roundedShift(sum_q30, rightBy: 15)
    var upper = 1
    while upper < knotCount &- 1 && evidence(upper) < evidence_q15 { upper &+= 1 }
    let (left, right) = (evidence(upper &- 1), evidence(upper))
    let (low, high) = (probability(upper &- 1), probability(upper))
    let width = right &- left
    let beyond = min(max(evidence_q15, left), right) &- left
    // The reader proved it; here the compiler learns that no division is by zero.
    guard width > 0 else { return low }
    return low &+ ((high &- low) &* beyond &+ width / 2) / width
  }

  @_noAllocation @_noLocks
  private func evidence(_ knot: Int) -> Int32 { Int32(knots_q15[2 &* knot]) }

  @_noAllocation @_noLocks
  private func probability(_ knot: Int) -> Int32 { Int32(knots_q15[2 &* knot &+ 1]) }

  /// That a clip's winner is right, 0...32768; -1 of `none` or without a frame.
  ///
  /// - Parameters:
  ///   - sums_q15: scores times frames, [classes]; what is below 0 or above 32768 · frames counts as that.
  ///   - winner: the class with the largest sum.
  ///   - frames: 0...2^31 - 1.
  @_optimize(size)
  public func probability_q15(ofClip sums_q15: UnsafeBufferPointer<Int64>, winner: Int, frames: Int) -> Int32 {
    guard exists, frames > 0 else { return -1 }
    var rival: Int64 = 0
    for index in sums_q15.indices where index != winner { rival = max(rival, sums_q15[index]) }
    let count = Int64(frames)
    func mean(_ sum: Int64) -> Int32 {
      // Clamped first: whatever a caller of C hands over, no sum here can overflow.
      Int32(truncatingIfNeeded: (min(max(sum, 0), count << 15) + count / 2) / count)
    }
    return probability_q15(score_q15: mean(sums_q15[winner]), recent_q15: 0, rival_q15: mean(rival))
  }
}
