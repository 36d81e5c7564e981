/// From one probability per word and frame to events: window mean, threshold, refractory time, re-arming, warm-up.
///
/// The same state machine runs live and on files. Per frame:
/// 1. the window's sums move on by one frame;
/// 2. a word whose mean is below its re-arming level is armed again;
/// 3. after the warm-up and outside the refractory time, the armed keyword with the largest mean among those at or
///    above their threshold is reported (the first of equals), disarmed, and the refractory time starts.
public struct Detector {
  /// One event.
  public struct Event: Equatable, Sendable {
    /// Class index.
    public let word: Int
    /// Mean probability over the window, Q15.
    public let score_q15: Int32

    public init(word: Int, score_q15: Int32) {
      self.word = word
      self.score_q15 = score_q15
    }
  }

  private let window: Int
  private let warmUp: Int
  private let refractory: Int
  private let classes: Int
  /// Ring of the last `window` frames' probabilities, [window][classes], Q15.
  private let history: UnsafeMutablePointer<UInt16>
  /// Sums over the ring, [classes]: at most 1024 · 2^15.
  private let sums: UnsafeMutablePointer<Int32>
  /// threshold · window and rearm · window, [classes]; Int32.max for classes that are never reported.
  private let thresholds: UnsafeMutablePointer<Int32>
  private let rearmLevels: UnsafeMutablePointer<Int32>
  private let armed: UnsafeMutablePointer<UInt8>
  private var slot = 0
  private var warmUpLeft = 0
  private var refractoryLeft = 0

  public static func requiredBytes(for settings: DetectorSettings) -> Int {
    let classes = settings.words.count
    let history = settings.window_frames * classes * MemoryLayout<UInt16>.stride
    return aligned(history) + 3 * aligned(classes * MemoryLayout<Int32>.stride) + aligned(classes)
  }

  private static func aligned(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }

  /// - Parameter memory: at least `requiredBytes(for:)`, aligned to 64, owned by the caller.
  public init(settings: DetectorSettings, memory: UnsafeMutableRawBufferPointer) {
    precondition(memory.count >= Detector.requiredBytes(for: settings), "the detector's memory is too small")
    precondition((1...1024).contains(settings.window_frames), "the window must be 1 to 1024 frames")
    window = settings.window_frames
    warmUp = settings.warmUp_frames
    refractory = settings.refractory_frames
    classes = settings.words.count
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
    for (index, word) in settings.words.enumerated() {
      thresholds[index] = word.isKeyword ? word.threshold_q15 * Int32(window) : Int32.max
      rearmLevels[index] = word.rearm_q15 * Int32(window)
    }
    reset()
  }

  /// After a start, a reset or a gap: the window is empty and the warm-up begins.
  @_noAllocation @_noLocks
  public mutating func reset() {
    for index in 0..<window &* classes { history[index] = 0 }
    for index in 0..<classes {
      sums[index] = 0
      armed[index] = 1
    }
    slot = 0
    warmUpLeft = warmUp
    refractoryLeft = 0
  }

  /// One frame.
  ///
  /// - Parameter probabilities_q15: [classes].
  @_noAllocation @_noLocks
  public mutating func step(_ probabilities_q15: UnsafePointer<UInt16>) -> Event? {
    let row = history + slot &* classes
    slot = slot &+ 1 == window ? 0 : slot &+ 1
    for index in 0..<classes {
      sums[index] &+= Int32(probabilities_q15[index]) &- Int32(row[index])
      row[index] = probabilities_q15[index]
      if sums[index] < rearmLevels[index] { armed[index] = 1 }
    }
    if warmUpLeft > 0 {
      warmUpLeft &-= 1
      return nil
    }
    if refractoryLeft > 0 {
      refractoryLeft &-= 1
      return nil
    }
    var best = -1
    for index in 0..<classes where armed[index] != 0 && sums[index] >= thresholds[index] {
      if best < 0 || sums[index] > sums[best] { best = index }
    }
    guard best >= 0 else { return nil }
    armed[best] = 0
    refractoryLeft = refractory
    let width = Int32(truncatingIfNeeded: window)
    return Event(word: best, score_q15: (sums[best] &+ width / 2) / width)
  }
}
