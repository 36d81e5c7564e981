import TestSupport
import Testing

@testable import SiLIF
@testable import SpotterHost

/// Calls `body` with the section's bytes, aligned.
private func withRule(_ words: [UInt16], classes: Int = 5, window: Int = 20, _ body: (ClipRule) throws -> Void) throws {
  let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * words.count, alignment: 16)
  defer { bytes.deallocate() }
  bytes.copyBytes(from: words.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] })
  try body(ClipRule(section: UnsafeRawBufferPointer(bytes), classCount: classes, window_frames: window))
}

private func withModel(_ rules: [[UInt16]] = [CalibratedFixture.rule], _ body: (Model) throws -> Void) throws {
  let bytes = try CalibratedFixture.bytes(rules: rules)
  let memory = AlignedMemory(byteCount: bytes.count)
  memory.bytes.copyBytes(from: bytes)
  try body(Model(bytes: UnsafeRawBufferPointer(memory.bytes)))
  withExtendedLifetime(memory) {}
}

@Suite struct ClipRuleTests {
  /// Every frame's probabilities, summed over every window in the plainest way.
  private func expected(_ rows: [[Int64]], of model: Model) -> [Int64] {
    let (window, rule) = (model.detector.window_frames, CalibratedFixture.rule)
    return (0..<model.header.classCount).map { word in
      let sums = rows.indices.map { end in rows[max(0, end + 1 - window)...end].reduce(0) { $0 + $1[word] } }
      let mean = ((sums.max() ?? 0) + Int64(window) / 2) / Int64(window)
      let (weight, level) = (Int64(rule[8 + 2 * word]), Int64(rule[9 + 2 * word]))
      return (level + (weight * mean + 16384) / 32768) * Int64(rows.count)
    }
  }

  @Test(arguments: [0, 5_000, 16_000, 40_000]) func aClipIsScoredByItsBestWindows(_ count: Int) throws {
    try withModel { model in
      let memory = AlignedMemory(byteCount: try ClipScorer.requiredBytes(for: model))
      var scorer = try ClipScorer(model: model, memory: memory.bytes)
      // Nothing that was heard before counts.
      _ = TestSound.samples(20_000, seed: 9).withUnsafeBufferPointer { scorer.score(samples: $0) }
      var rows: [[Int64]] = []
      let score = TestSound.samples(count).withUnsafeBufferPointer { samples in
        scorer.score(samples: samples) { network in
          rows.append((0..<model.header.classCount).map { Int64(network.probabilities_q15[$0]) })
        }
      }
      let own = max(count, scorer.clipLength_samples)
      #expect(score.frames == 1 + (own + 7 * 160 - 400) / 160 && rows.count == score.frames)
      #expect(score.sums_q15 == expected(rows, of: model))
      #expect(score.sums_q15[score.winner] == score.sums_q15.max())
      #expect(score.scores.allSatisfy { (0...1).contains($0) })
      #expect(score.confidence == Double(score.sums_q15[score.winner] / Int64(rows.count)) / 32768)
      withExtendedLifetime(memory) {}
    }
  }

  @Test func framesHaveNoTail() throws {
    try withModel { model in
      let memory = AlignedMemory(byteCount: try ClipScorer.requiredBytes(for: model))
      var scorer = try ClipScorer(model: model, memory: memory.bytes)
      let values = (0..<30 * model.header.inputCount).map { Int16($0 * 37 % 2000) }
      var rows: [[Int64]] = []
      let score = values.withUnsafeBufferPointer { frames in
        scorer.score(frames: frames) { network in
          rows.append((0..<model.header.classCount).map { Int64(network.probabilities_q15[$0]) })
        }
      }
      #expect(score.frames == 30)
      #expect(score.sums_q15 == expected(rows, of: model))
      withExtendedLifetime(memory) {}
    }
  }

  @Test func blocksDoNotMatter() throws {
    try withModel { model in
      let memory = AlignedMemory(byteCount: try ClipScorer.requiredBytes(for: model))
      var scorer = try ClipScorer(model: model, memory: memory.bytes)
      let sound = TestSound.samples(21_000)
      let whole = sound.withUnsafeBufferPointer { scorer.score(samples: $0) }
      scorer.begin()
      sound.withUnsafeBufferPointer { samples in
        for start in stride(from: 0, to: samples.count, by: 700) {
          scorer.accept(UnsafeBufferPointer(rebasing: samples[start..<min(start + 700, samples.count)]))
        }
      }
      #expect("\(scorer.finish())" == "\(whole)")
      withExtendedLifetime(memory) {}
    }
  }

  @Test func scoresAreALevelAndAWeightTimesTheMean() throws {
    try withRule(CalibratedFixture.rule) { rule in
      #expect(rule.exists && rule.tail_frames == 7)
      #expect((0..<5).map { rule.score_q15(bestSum: 20 * 32768, ofClass: $0) } == [32768, 30000, 20999, 32768, 11000])
      #expect((0..<5).map { rule.score_q15(bestSum: 0, ofClass: $0) } == [0, 0, 999, 0, 11000])
      // Rounded half up: 9.5 and 10.45 to 10; 10 · 30000 / 32768 is 9.2, 10 · 20000 / 32768 is 6.1.
      #expect([190, 209].map { rule.score_q15(bestSum: $0, ofClass: 0) } == [10, 10])
      #expect([1, 2].map { rule.score_q15(bestSum: 190, ofClass: $0) } == [9, 1005])
    }
    #expect(!ClipRule.none.exists && ClipRule.none.tail_frames == 0)
  }

  private func refusal(_ words: [UInt16], classes: Int = 5) -> ModelError? {
    do {
      try withRule(words, classes: classes) { _ in }
      return nil
    } catch { return error as? ModelError }
  }

  private func changedRule(_ index: Int, _ value: UInt16) -> [UInt16] {
    var words = CalibratedFixture.rule
    words[index] = value
    return words
  }

  @Test func whatIsWrongIsRefusedByName() throws {
    let right = CalibratedFixture.rule
    #expect(refusal(right) == nil)
    func changed(_ index: Int, _ value: UInt16) -> ModelError? { refusal(changedRule(index, value)) }
    func wrong(_ word: Int64) -> ModelError { ModelError(.outOfRange, "clip_rule", value: word) }
    #expect(changed(0, 1024) == nil)
    #expect(changed(0, 1025) == wrong(0))
    #expect(changed(1, 4) == wrong(0) && changed(1, 6) == wrong(0))
    for index in 2..<8 { #expect(changed(index, 1) == wrong(Int64(index / 2))) }
    #expect(changed(8, 32769) == wrong(4) && changed(9, 1) == wrong(4))
    #expect(changed(11, 2768) == nil && changed(11, 2769) == wrong(5))
    #expect(changed(17, 32768) == nil && changed(17, .max) == wrong(8) && changed(16, .max) == wrong(8))
    #expect(refusal(right, classes: 4) == ModelError(.inconsistent, "CLIP", value: 36))
    for other in [right + [0], right.dropLast(), Array(right.prefix(7)), []] {
      #expect(refusal(other) == ModelError(.inconsistent, "CLIP", value: Int64(2 * other.count)))
    }
    try withModel([changedRule(0, 1025)]) { model in
      #expect(throws: wrong(0)) { try model.clipRule() }
    }
    #expect(throws: ModelError.self) { try withModel([right, right]) { _ in } }
  }
}
