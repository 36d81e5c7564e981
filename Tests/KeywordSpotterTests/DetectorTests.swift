import KeywordSpotter
import TestSupport
import Testing

@testable import SpotterHost

@Suite struct DetectorTests {
  /// Settings by hand: `words` classes, of which the last is never reported.
  private func settings(
    words: Int = 3, window: Int = 4, warmUp: Int = 0, refractory: Int = 0, threshold: Int32 = 16384,
    rearm: Int32 = 8192,
    leastShare: Int32 = 0
  ) throws -> DetectorSettings {
    var settings = DetectorSettings(defaultsOf: try SpotterFixture.audio().model)
    settings.window_frames = window
    settings.warmUp_frames = warmUp
    settings.refractory_frames = refractory
    settings.leastShare_q15 = leastShare
    settings.words = (0..<words).map {
      .init(threshold_q15: threshold, rearm_q15: rearm, isKeyword: $0 < words - 1)
    }
    return settings
  }

  /// (frame, event) of every event.
  private func run(_ settings: DetectorSettings, _ frames: [[UInt16]]) -> [(Int, KeywordEvent)] {
    let memory = AlignedMemory(byteCount: Detector.requiredBytes(for: settings))
    var detector = Detector(settings: settings, memory: memory.bytes)
    var events: [(Int, KeywordEvent)] = []
    for (index, frame) in frames.enumerated() {
      if let event = detector.step(frame, at: Int64(index)) { events.append((index, event)) }
    }
    withExtendedLifetime(memory) {}
    return events
  }

  private func frames(_ count: Int, _ row: [UInt16]) -> [[UInt16]] { Array(repeating: row, count: count) }

  @Test func meanOverTheWindowDecides() throws {
    // 4 frames of 0.5 reach a threshold of 0.5 over 4 frames at the fourth.
    let events = run(try settings(), frames(3, [0, 0, 0]) + frames(8, [16384, 0, 0]))
    #expect(events.map(\.0) == [6])
    #expect(events[0].1 == KeywordEvent(word: 0, score_q15: 16384, position: 6))
  }

  @Test(arguments: [1, 2, 100, 32767, 32768] as [Int32]) func scaledRearmingStaysAProbability(_ old: Int32) {
    for rearm in [0, 1, old / 2, old, 32768] {
      for new in [0, 1, 29491, 32768] as [Int32] {
        let scaled = Detector.scaledRearm_q15(rearm, from: old, to: new)
        #expect((0...32768).contains(scaled))
        if rearm <= old { #expect(Int64(scaled) == Int64(rearm) * Int64(new) / Int64(old)) }
      }
    }
    #expect(Detector.scaledRearm_q15(32768, from: 0, to: 32768) == 16384)
  }

  @Test func theLargestWins() throws {
    let events = run(try settings(window: 1), [[17000, 18000, 32768]])
    #expect(events.map(\.1) == [KeywordEvent(word: 1, score_q15: 18000, position: 0)])
    #expect(run(try settings(window: 1), [[17000, 17000, 0]])[0].1.word == 0)
  }

  @Test func whatIsNoKeywordIsNeverReported() throws {
    #expect(run(try settings(), frames(50, [0, 0, 32768])).isEmpty)
  }

  @Test func aWordIsArmedAgainBelowItsLevel() throws {
    let settings = try settings(window: 1)
    let high = frames(3, [20000, 0, 0])
    #expect(run(settings, high + frames(3, [8192, 0, 0]) + high).map(\.0) == [0])
    #expect(run(settings, high + frames(1, [8191, 0, 0]) + high).map(\.0) == [0, 4])
  }

  @Test func refractoryTimeIsCountedInFrames() throws {
    let settings = try settings(window: 1, refractory: 5)
    let alternating = (0..<20).map { $0 % 2 == 0 ? [UInt16](arrayLiteral: 20000, 0, 0) : [0, 0, 0] }
    #expect(run(settings, alternating).map(\.0) == [0, 6, 12, 18])
  }

  @Test func warmUpMasksAndResetBeginsIt() throws {
    let settings = try settings(window: 1, warmUp: 10)
    #expect(run(settings, frames(30, [20000, 0, 0])).map(\.0) == [10])
    let memory = AlignedMemory(byteCount: Detector.requiredBytes(for: settings))
    var detector = Detector(settings: settings, memory: memory.bytes)
    for _ in 0..<15 { _ = detector.step([20000, 0, 0], at: 0) }
    detector.reset()
    let after = (0..<15).filter { _ in detector.step([20000, 0, 0], at: 0) != nil }
    #expect(after == [10])
    withExtendedLifetime(memory) {}
  }

  @Test func thresholdKeepsItsRatioToTheRearmingLevel() throws {
    var settings = try settings()
    settings.setThreshold(0.25, forClass: 0)
    #expect(settings.words[0].threshold_q15 == 8192)
    #expect(settings.words[0].rearm_q15 == 4096)
    settings.setThreshold(0, forClass: 1)
    #expect(settings.words[1].threshold_q15 == 0)
    settings.setThreshold(1, forClass: 1)
    #expect(settings.words[1].threshold_q15 == 32768)
    #expect(settings.words[1].rearm_q15 == 16384)
  }

  /// Against the rules written down frame by frame, with means from scratch, for windows that wrap the ring many times.
  @Test(arguments: 0..<40) func agreesWithBruteForce(_ seed: Int) throws {
    var generator = SplitMix64(seed: UInt64(seed))
    let settings = try settings(
      words: 4, window: 1 + seed % 9, warmUp: seed % 5 * 3, refractory: seed % 4 * 2, threshold: 12000, rearm: 9000,
      leastShare: [0, 12000, 20000, 32768][seed / 10])
    var rows: [[UInt16]] = []
    var level = [Double](repeating: 0.3, count: 4)
    for _ in 0..<400 {
      for word in level.indices {
        level[word] = min(1, max(0, level[word] + .random(in: -0.2...0.2, using: &generator)))
      }
      rows.append(level.map { UInt16($0 * 32768) })
    }
    #expect(run(settings, rows).map { "\($0)" } == bruteForce(settings, rows).map { "\($0)" })
  }

  private func bruteForce(_ settings: DetectorSettings, _ rows: [[UInt16]]) -> [(Int, KeywordEvent)] {
    var events: [(Int, KeywordEvent)] = []
    var armed = [Bool](repeating: true, count: settings.words.count)
    var quietUntil = settings.warmUp_frames
    for frame in rows.indices {
      let window = rows[max(0, frame - settings.window_frames + 1)...frame]
      var sums = settings.words.indices.map { word in window.reduce(0) { $0 + Int($1[word]) } }
      let scale = settings.window_frames
      let keywords = sums.indices.filter { settings.words[$0].isKeyword }
      let together = keywords.reduce(0) { $0 + sums[$1] }
      let share = Int(settings.leastShare_q15)
      if share > 0, let lead = keywords.max(by: { (sums[$0], -$0) < (sums[$1], -$1) }),
        sums[lead] << 15 >= share * together
      {
        sums[lead] = min(together, scale << 15)
      }
      for word in sums.indices where sums[word] < Int(settings.words[word].rearm_q15) * scale { armed[word] = true }
      guard frame >= quietUntil else { continue }
      let candidates = sums.indices.filter {
        settings.words[$0].isKeyword && armed[$0] && sums[$0] >= Int(settings.words[$0].threshold_q15) * scale
      }
      guard let best = candidates.max(by: { (sums[$0], -$0) < (sums[$1], -$1) }) else { continue }
      armed[best] = false
      events.append(
        (frame, KeywordEvent(word: best, score_q15: Int32((sums[best] + scale / 2) / scale), position: Int64(frame))))
      quietUntil = frame + 1 + settings.refractory_frames
    }
    return events
  }
}
