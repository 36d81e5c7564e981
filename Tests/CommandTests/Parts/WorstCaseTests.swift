import KeywordSpotter
import SiLIF
import SpotterHost
import TestSupport
import Testing

@testable import kws_bench

/// The copies of a model with which `kws-bench` looks for the longest step.
@Suite struct WorstCaseTests {
  private func words(_ model: Model, _ samples: [Int16]) throws -> (steps: Int, words: Int) {
    let settings = DetectorSettings(defaultsOf: model)
    let memory = AlignedMemory(byteCount: try KeywordSpotter.requiredBytes(for: model, settings: settings))
    var spotter = try KeywordSpotter(model: model, settings: settings, memory: memory.bytes)
    var (steps, words) = (0, 0)
    samples.withUnsafeBufferPointer { samples in
      var rest = samples
      while spotter.step(&rest) { (steps, words) = (steps + 1, words + (spotter.event == nil ? 0 : 1)) }
    }
    withExtendedLifetime(memory) {}
    return (steps, words)
  }

  @Test(arguments: [Fixture.audio, Fixture.path("../models/kws12.silif")], [false, true])
  func everyStepReportsAWord(_ path: String, _ clamps: Bool) throws {
    let file = try ModelFile(path: path)
    let samples = TestSound.samples(seconds: 2)
    #expect(try words(file.model, samples).words < 10)
    let worst = try #require(WorstCaseModel(of: file.model, clamps: clamps))
    let heard = try words(worst.model, samples)
    withExtendedLifetime((file, worst)) {}
    #expect(heard.steps > 190 && heard.words == heard.steps)
    // Where one word is scored by all together, that is work, too.
    #expect((worst.model.detector.leastShare_q15 > 0) == (file.model.detector.leastShare_q15 > 0))
  }
}
