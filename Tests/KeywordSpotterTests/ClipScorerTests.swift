import KeywordSpotter
import SiLIF
import TestSupport
import Testing

@testable import SpotterHost

@Suite struct ClipScorerTests {
  private func withScorer<Result>(_ file: ModelFile, _ body: (inout ClipScorer) throws -> Result) throws -> Result {
    let memory = AlignedMemory(byteCount: try ClipScorer.requiredBytes(for: file.model))
    defer { withExtendedLifetime(memory) {} }
    var scorer = try ClipScorer(model: file.model, memory: memory.bytes)
    return try body(&scorer)
  }

  private func text(_ score: ClipScorer.Score) -> String { "\(score)" }

  @Test func clipsAreIndependentOfEachOther() throws {
    let (first, second) = (TestSound.samples(16_000, seed: 1), TestSound.samples(16_000, seed: 2))
    try withScorer(SpotterFixture.audio()) { scorer in
      let alone = second.withUnsafeBufferPointer { scorer.score(samples: $0) }
      _ = first.withUnsafeBufferPointer { scorer.score(samples: $0) }
      let after = second.withUnsafeBufferPointer { scorer.score(samples: $0) }
      #expect(text(alone) == text(after))
      #expect(alone.frames == 98)
      #expect(alone.sums_q15.allSatisfy { $0 >= 0 })
    }
  }

  @Test(arguments: [1, 7, 160, 4096]) func blocksDoNotMatter(_ block: Int) throws {
    let sound = TestSound.samples(16_000)
    try withScorer(SpotterFixture.audio()) { scorer in
      let whole = sound.withUnsafeBufferPointer { scorer.score(samples: $0) }
      scorer.begin()
      sound.withUnsafeBufferPointer { samples in
        for start in stride(from: 0, to: samples.count, by: block) {
          scorer.accept(UnsafeBufferPointer(rebasing: samples[start..<min(start + block, samples.count)]))
        }
      }
      #expect(text(scorer.finish()) == text(whole))
    }
  }

  @Test func shortClipsGetZeros() throws {
    let sound = TestSound.samples(9_000)
    try withScorer(SpotterFixture.audio()) { scorer in
      #expect(scorer.clipLength_samples == 400 + 97 * 160)
      let short = sound.withUnsafeBufferPointer { scorer.score(samples: $0) }
      let padded = sound + [Int16](repeating: 0, count: scorer.clipLength_samples - sound.count)
      let long = padded.withUnsafeBufferPointer { scorer.score(samples: $0) }
      #expect(text(short) == text(long))
      scorer.begin()
      #expect(scorer.finish().frames == 98)
    }
  }

  @Test func longClipsAreScoredWhole() throws {
    try withScorer(SpotterFixture.audio()) { scorer in
      let score = TestSound.samples(40_000).withUnsafeBufferPointer { scorer.score(samples: $0) }
      #expect(score.frames == 1 + (40_000 - 400) / 160)
    }
  }

  @Test func countsAgreeWithTheNetworkStepByStep() throws {
    let file = try SpotterFixture.audio()
    try withScorer(file) { scorer in
      var spikes = [UInt64](repeating: 0, count: 2)
      var sums = [Int64](repeating: 0, count: 5)
      let score = TestSound.samples(16_000).withUnsafeBufferPointer { samples in
        scorer.score(samples: samples) { network in
          for layer in 0..<2 { spikes[layer] += network.spikes(ofLayer: layer).reduce(0) { $0 + UInt64($1) } }
          for word in 0..<5 { sums[word] += Int64(network.probabilities_q15[word]) }
        }
      }
      #expect(score.layerSpikes == spikes)
      #expect(score.spikes == spikes.reduce(0, +))
      #expect(score.sums_q15 == sums)
      #expect(sums[score.winner] == sums.max())
    }
  }

  @Test func framesAreScoredWithoutFrontEnd() throws {
    try withScorer(SpotterFixture.counts()) { scorer in
      let frames = (0..<160).map { Int16($0 % 5) }
      let score = frames.withUnsafeBufferPointer { scorer.score(frames: $0) }
      #expect(score.frames == 20)
      #expect(scorer.clipLength_samples == 0)
      let none = ClipScorer.Score(
        winner: 0, sums_q15: [0], frames: 0, layerSpikes: [], synapticOperations: 0, saturations: nil,
        probability_q15: -1)
      #expect(none.confidence == 0)
    }
  }

  @Test func selfTestsPass() throws {
    for file in [try SpotterFixture.audio(), try SpotterFixture.counts()] {
      let found = try file.model.runSelfTest()
      #expect(found.digest == file.model.selfTest.digest)
      #expect(found.step_count == file.model.selfTest.step_count)
    }
  }
}
