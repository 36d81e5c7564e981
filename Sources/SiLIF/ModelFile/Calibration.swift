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
    var reader = ByteReader(section)
    let raw = try reader.read(UInt16.self, "calibrates")
    guard let target = Target(rawValue: raw) else { throw ModelError(.outOfRange, "calibrates", value: Int64(raw)) }
    self.target = target
    let isOfEvents = target == .events
    knotCount = try reader.read(UInt16.self, "knot_count", in: 2...Calibration.mostKnots)
    let one = Int(Calibration.one_q15)
    let score = try reader.read(UInt16.self, "score_weight_q15", in: 0...one)
    let recent = try reader.read(UInt16.self, "recent_weight_q15", in: 0...(isOfEvents ? one : 0))
    let rival = try reader.read(UInt16.self, "rival_weight_q15", in: 0...one)
    guard score + recent + rival == one else {
      throw ModelError(.inconsistent, "score_weight_q15", value: Int64(score + recent + rival))
    }
    (scoreWeight_q15, recentWeight_q15, rivalWeight_q15) = (Int32(score), Int32(recent), Int32(rival))
    recent_frames = try reader.read(
      UInt16.self, "recent_frames", in: isOfEvents ? 1...window_frames : 0...0)
    wordsPerHour = try reader.read(UInt16.self, "words_per_hour", in: 0...(isOfEvents ? 65535 : 0))
    _ = try reader.read(UInt16.self, "reserved", in: 0...0)
    let table = try reader.readTable(UInt16.self, count: 2 * knotCount, "knots_q15")
    knots_q15 = UnsafeBufferPointer(start: table, count: 2 * knotCount)
    guard reader.remaining == 0 else {
      throw ModelError(.inconsistent, "knot_count", value: Int64(knotCount))
    }
    for index in 0..<2 * knotCount where knots_q15[index] > UInt16(one) {
      throw ModelError(.outOfRange, "knots_q15", value: Int64(knots_q15[index]))
    }
    // Evidence rises, so that no division is by zero; probability never falls.
    for index in 1..<knotCount {
      let (before, here) = (2 * index - 2, 2 * index)
      guard knots_q15[here] > knots_q15[before] else {
        throw ModelError(.inconsistent, "knots_q15", value: Int64(knots_q15[here]))
      }
      guard knots_q15[here + 1] >= knots_q15[before + 1] else {
        throw ModelError(.inconsistent, "knots_q15", value: Int64(knots_q15[here + 1]))
      }
    }
  }

  /// The probability of being right, 0...32768; -1 of `none`.
  ///
  /// - Parameters: each 0...32768.
  ///   - score_q15: mean of the winner, over the clip or the detector's window.
  ///   - recent_q15: mean of the same class over the last `recent_frames`; of clips without effect.
  ///   - rival_q15: the largest mean of another class, over the clip or the window.
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
  ///   - sums_q15: probabilities summed over the clip's frames, [classes].
  ///   - winner: the class with the largest sum.
  ///   - frames: 0...2^31 - 1.
  public func probability_q15(ofClip sums_q15: UnsafeBufferPointer<Int64>, winner: Int, frames: Int) -> Int32 {
    guard exists, frames > 0 else { return -1 }
    var rival: Int64 = 0
    for index in sums_q15.indices where index != winner { rival = max(rival, sums_q15[index]) }
    func mean(_ sum: Int64) -> Int32 {
      Int32(clamping: min((sum + Int64(frames) / 2) / Int64(frames), Int64(Calibration.one_q15)))
    }
    return probability_q15(score_q15: mean(sums_q15[winner]), recent_q15: 0, rival_q15: mean(rival))
  }
}
