import SiLIF

/// From one probability per word and frame to events: window mean, threshold, refractory time, re-arming, warm-up.
///
/// The same state machine runs live and on files. Per frame:
/// 1. the window's sums move on by one frame;
/// 2. a word whose mean is below its re-arming level is armed again;
/// 3. after the warm-up and outside the refractory time, the armed keyword with the largest mean among those at or
///    above their threshold is reported (the first of equals), disarmed, and the refractory time starts.
///
/// With a least share, what counts in 2 and 3 as the mean of the keyword with the largest one is the sum of all
/// keywords' means, where that keyword has at least this share of it: a command was heard, and this one most.
///
/// Twins: tools/silif_tools/integer/detector.py
public struct Detector {
  private let window: Int
  private let warmUp: Int
  private let refractory: Int
  private let classes: Int
  private let leastShare_q15: Int32
  /// Ring of the last `window` frames' probabilities, [window][classes], Q15.
  private let history: UnsafeMutablePointer<UInt16>
  /// Sums over the ring, [classes]: at most 1024 · 2^15.
  private let sums: UnsafeMutablePointer<Int32>
  /// threshold · window and rearm · window, [classes]; Int32.max for classes that are never reported.
  private let thresholds: UnsafeMutablePointer<Int32>
  private let rearmLevels: UnsafeMutablePointer<Int32>
  private let armed: UnsafeMutablePointer<UInt8>
  /// `.none` where events have no probability.
  private let calibration: Calibration
  private var slot = 0
  private var warmUpLeft = 0
  private var refractoryLeft = 0

  /// Bytes of memory that the detector needs, aligned to 64.
  public static func requiredBytes(window_frames: Int, classes: Int) -> Int {
    let history = window_frames * classes * MemoryLayout<UInt16>.stride
    return aligned(history) + 3 * aligned(classes * MemoryLayout<Int32>.stride) + aligned(classes)
  }

  private static func aligned(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }

  /// A detector that reports nothing until `setLevels` gave it words.
  ///
  /// - Parameters:
  ///   - window_frames: frames whose probabilities are averaged, 1...1024.
  ///   - warmUp_frames: frames after a start, reset or gap in which nothing is reported.
  ///   - refractory_frames: frames after an event in which nothing is reported.
  ///   - classes: probabilities in a frame.
  ///   - leastShare_q15: of all keywords' means together that one must have to be scored by them together, 0...32768;
  ///     0: every word by its own.
  ///   - calibration: how sure to be of events, fitted with this window.
  ///   - memory: at least `requiredBytes(window_frames:classes:)`, aligned to 64, owned by the caller.
  public init(
    window_frames: Int, warmUp_frames: Int, refractory_frames: Int, classes: Int, leastShare_q15: Int32 = 0,
    calibration: Calibration = .none, memory: UnsafeMutableRawBufferPointer
  ) {
    precondition(
      memory.count >= Detector.requiredBytes(window_frames: window_frames, classes: classes),
      "the detector's memory is too small")
    precondition(window_frames >= 1 && window_frames <= 1024, "the window must be 1 to 1024 frames")
    precondition(calibration.recent_frames <= window_frames, "the calibration is for another window")
    precondition((0...Detector.one_q15).contains(leastShare_q15), "a share is 0 to 32768")
    window = window_frames
    self.leastShare_q15 = leastShare_q15
    self.calibration = calibration
    warmUp = warmUp_frames
    refractory = refractory_frames
    self.classes = classes
    var used = 0
    func take<Element>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
      let start = memory.baseAddress.unsafelyUnwrapped + used
      used += Detector.aligned(count * MemoryLayout<Element>.stride)
      return start.bindMemory(to: type, capacity: count)
    }
    history = take(UInt16.self, window * classes)
    sums = take(Int32.self, classes)
    thresholds = take(Int32.self, classes)
    rearmLevels = take(Int32.self, classes)
    armed = take(UInt8.self, classes)
    thresholds.update(repeating: Int32.max, count: classes)
    rearmLevels.update(repeating: 0, count: classes)
    reset()
  }

  /// A detector with the model's defaults.
  ///
  /// - Parameters:
  ///   - model: validated.
  ///   - memory: at least `requiredBytes(for:)`, aligned to 64, owned by the caller.
  public init(model: Model, memory: UnsafeMutableRawBufferPointer) {
    let defaults = model.detector
    self.init(
      window_frames: defaults.window_frames, warmUp_frames: defaults.warmUp_frames,
      refractory_frames: defaults.refractory_frames, classes: model.header.classCount,
      leastShare_q15: defaults.leastShare_q15, calibration: model.eventCalibration, memory: memory)
    for index in 0..<classes where defaults.isKeyword(index) {
      setLevels(threshold_q15: defaults.threshold_q15(index), rearm_q15: defaults.rearm_q15(index), ofClass: index)
    }
  }

  /// Bytes of memory that `init(model:memory:)` needs, aligned to 64.
  public static func requiredBytes(for model: Model) -> Int {
    requiredBytes(window_frames: model.detector.window_frames, classes: model.header.classCount)
  }

  /// Makes a class a word that is reported.
  ///
  /// - Parameters:
  ///   - threshold_q15: mean probability at which it is reported, 0...32768.
  ///   - rearm_q15: mean probability below which it may be reported again, 0...32768.
  ///   - index: the class.
  public func setLevels(threshold_q15: Int32, rearm_q15: Int32, ofClass index: Int) {
    precondition(index >= 0 && index < classes)
    let levels_q15: ClosedRange<Int32> = 0...Detector.one_q15
    precondition(levels_q15.contains(threshold_q15) && levels_q15.contains(rearm_q15), "levels are 0 to 32768")
    // At most 2^15 · 2^10.
    thresholds[index] = threshold_q15 * Int32(window)
    rearmLevels[index] = rearm_q15 * Int32(window)
  }

  /// The re-arming level for another threshold: its ratio to the threshold is kept, as far as there are probabilities. A
  /// model may re-arm above its threshold, and the ratio then leads past 1.
  ///
  /// - Parameters: each 0...32768.
  /// - Returns: 0...32768.
  public static func scaledRearm_q15(_ rearm_q15: Int32, from old_q15: Int32, to new_q15: Int32) -> Int32 {
    guard old_q15 != 0 else { return new_q15 / 2 }
    return Int32(min(Int64(rearm_q15) * Int64(new_q15) / Int64(old_q15), Int64(one_q15)))
  }

  /// The probability 1.
  private static var one_q15: Int32 { 32768 }

  /// After a start, a reset or a gap: the window is empty and the warm-up begins.
  @_noAllocation @_noLocks
  public mutating func reset() {
    history.update(repeating: 0, count: window &* classes)
    sums.update(repeating: 0, count: classes)
    armed.update(repeating: 1, count: classes)
    slot = 0
    warmUpLeft = warmUp
    refractoryLeft = 0
  }

  /// The class's probabilities summed over the window, 0...2^15 · window.
  @_noAllocation @_noLocks
  public func sum_q15(ofClass index: Int) -> Int32 { sums[index] }

  /// One frame.
  ///
  /// - Parameters:
  ///   - probabilities_q15: [classes], 0...32768.
  ///   - position: what the event is to say about when it was decided.
  /// - Returns: the keyword decided at this frame, if any.
  @_noAllocation @_noLocks
  public mutating func step(_ probabilities_q15: UnsafePointer<UInt16>, at position: Int64) -> KeywordEvent? {
    let row = history + slot &* classes
    slot = slot &+ 1 == window ? 0 : slot &+ 1
    for index in 0..<classes {
      sums[index] &+= Int32(probabilities_q15[index]) &- Int32(row[index])
      row[index] = probabilities_q15[index]
    }
    let (lead, own) = leastShare_q15 > 0 ? scoreTogether() : (-1, 0)
    let word = decided()
    let sum = word < 0 ? 0 : sums[word]
    if lead >= 0 { sums[lead] = own }
    guard word >= 0 else { return nil }
    let score_q15 = mean(sum, over: window)
    return KeywordEvent(
      word: word, score_q15: score_q15, probability_q15: probability_q15(of: word, score_q15), position: position)
  }

  /// Steps 2 and 3 of a frame: the class that is reported, -1 for none.
  @_noAllocation @_noLocks
  private mutating func decided() -> Int {
    for index in 0..<classes where sums[index] < rearmLevels[index] { armed[index] = 1 }
    if warmUpLeft > 0 {
      warmUpLeft &-= 1
      return -1
    }
    if refractoryLeft > 0 {
      refractoryLeft &-= 1
      return -1
    }
    var best = -1
    for index in 0..<classes where armed[index] != 0 && sums[index] >= thresholds[index] {
      if best < 0 || sums[index] > sums[best] { best = index }
    }
    guard best >= 0 else { return -1 }
    armed[best] = 0
    refractoryLeft = refractory
    return best
  }

  /// Gives the keyword with the largest sum the sums of all, at most 1 in the mean, if its share of them is large enough.
  ///
  /// - Returns: the keyword and its own sum, to be put back; -1 where nothing was changed.
  @inline(never)
  @_optimize(size)
  @_noAllocation @_noLocks
  private func scoreTogether() -> (lead: Int, own: Int32) {
    var lead = -1
    var own: Int32 = -1
    // At most 2^12 classes of 2^25.
    var together: Int64 = 0
    var index = 0
    while index < classes {
      if thresholds[index] != Int32.max {
        together &+= Int64(sums[index])
        if sums[index] > own { (lead, own) = (index, sums[index]) }
      }
      index &+= 1
    }
    guard lead >= 0, Int64(own) << 15 >= Int64(leastShare_q15) &* together else { return (-1, 0) }
    sums[lead] = Int32(min(together, Int64(window) << 15))
    return (lead, own)
  }

  /// That a word which is reported now was said; -1 without a calibration. Small, not fast: it runs for events only.
  @_optimize(size)
  @_noAllocation @_noLocks
  private func probability_q15(of word: Int, _ score_q15: Int32) -> Int32 {
    var recent: Int32 = 0
    var row = slot
    var left = calibration.recent_frames
    while left > 0 {
      row = row == 0 ? window &- 1 : row &- 1
      recent &+= Int32(history[row &* classes &+ word])
      left &-= 1
    }
    var rival: Int32 = 0
    var index = 0
    while index < classes {
      if index != word { rival = max(rival, sums[index]) }
      index &+= 1
    }
    return calibration.probability_q15(
      score_q15: score_q15, recent_q15: mean(recent, over: calibration.recent_frames),
      rival_q15: mean(rival, over: window))
  }

  /// Rounded half up. Not inlined: it runs for events only, and would be there three times.
  @inline(never)
  @_noAllocation @_noLocks
  private func mean(_ sum: Int32, over frames: Int) -> Int32 {
    let width = Int32(truncatingIfNeeded: frames)
    return width > 0 ? (sum &+ width / 2) / width : 0
  }
}
