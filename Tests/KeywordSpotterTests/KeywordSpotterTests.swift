import KeywordSpotter
import LogMel
import SiLIF
import SpotterHost
import TestSupport
import Testing

@Suite struct KeywordSpotterTests {
  @Test func resultDoesNotDependOnTheBlocks() throws {
    let file = try SpotterFixture.audio()
    let sound = TestSound.samples(80_000)
    var whole = try TestSpotter(file)
    let expected = whole.detections(sound, block: sound.count)
    #expect(expected.count >= 3)
    for block in [1, 7, 159, 160, 161, 400, 4096] {
      var spotter = try TestSpotter(file)
      #expect(spotter.detections(sound, block: block) == expected, "block \(block)")
      #expect(spotter.spotter.position == Int64(sound.count))
    }
  }

  @Test func detectionsStandAtTheEndOfAFrame() throws {
    var spotter = try TestSpotter(SpotterFixture.audio())
    for detection in spotter.detections(TestSound.samples(80_000), block: 333) {
      #expect((detection.position - 400) % 160 == 0)
      #expect(detection.position >= 400 + 20 * 160)
    }
  }

  @Test func resetIsLikeNewExceptForTheSampleCount() throws {
    let file = try SpotterFixture.audio()
    let sound = TestSound.samples(48_000)
    var spotter = try TestSpotter(file)
    let first = spotter.detections(sound, block: 160)
    spotter.spotter.reset()
    let second = spotter.detections(sound, block: 160)
    #expect(!first.isEmpty)
    #expect(second.map { $0.position - 48_000 } == first.map(\.position))
    #expect(second.map(\.word) == first.map(\.word))
    #expect(second.map(\.score_q15) == first.map(\.score_q15))
  }

  @Test func withoutResetTheStateRunsOn() throws {
    var spotter = try TestSpotter(SpotterFixture.audio())
    let sound = TestSound.samples(48_000)
    let first = spotter.detections(sound, block: 160)
    let second = spotter.detections(sound, block: 160)
    #expect(second.map { $0.position - 48_000 } != first.map(\.position))
  }

  @Test func aModelWithoutFrontEndTakesFrames() throws {
    let file = try SpotterFixture.counts()
    var spotter = try TestSpotter(file)
    let memory = AlignedMemory(byteCount: Network.requiredBytes(for: file.model))
    let network = Network(model: file.model, memory: memory.bytes)
    network.reset()
    #expect(spotter.spotter.pipeline.frontEnd == nil)
    let width = file.model.header.inputCount
    let frames = (0..<50 * width + width - 1).map { Int16($0 % 5) }
    frames.withUnsafeBufferPointer { values in
      var rest = values
      while spotter.spotter.step(frames: &rest) {
        network.step(values.baseAddress! + Int(spotter.spotter.position - 1) * width)
        for word in 0..<3 {
          #expect(spotter.spotter.pipeline.network.probabilities_q15[word] == network.probabilities_q15[word])
        }
      }
      #expect(rest.count == width - 1)
    }
    #expect(spotter.spotter.position == 50)
    frames.withUnsafeBufferPointer { values in
      var samples = values
      #expect(spotter.spotter.accept(&samples) == nil)
      #expect(samples.count == values.count)
    }
    withExtendedLifetime(memory) {}
  }

  @Test func theMemoryPlanIsWhatIsRequired() throws {
    let file = try SpotterFixture.audio()
    let plan = try FramePipeline.memoryPlan(for: file.model)
    #expect(try FramePipeline.requiredBytes(for: file.model) == plan.network + plan.extractor + plan.scratch)
    #expect(plan.scratch == 0)
    #expect(
      Network.memoryPlan(for: file.model).scratch
        <= LogMelExtractor.scratchBytes(for: try #require(try FramePipeline.frontEndSettings(of: file.model))))
    let settings = DetectorSettings(defaultsOf: file.model)
    #expect(
      try KeywordSpotter.requiredBytes(for: file.model, settings: settings)
        == plan.total + Detector.requiredBytes(for: settings))
  }

  @Test func nothingIsWrittenPastTheMemory() throws {
    let file = try SpotterFixture.audio()
    let settings = DetectorSettings(defaultsOf: file.model)
    let count = try KeywordSpotter.requiredBytes(for: file.model, settings: settings)
    let memory = AlignedMemory(byteCount: count + 4096)
    for index in count..<count + 4096 { memory.bytes[index] = 0xA5 }
    var spotter = try KeywordSpotter(
      model: file.model, settings: settings, memory: UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<count]))
    TestSound.samples(32_000).withUnsafeBufferPointer { samples in
      var rest = samples
      while spotter.accept(&rest) != nil {}
    }
    #expect(memory.bytes[count..<count + 4096].allSatisfy { $0 == 0xA5 })
  }
}
