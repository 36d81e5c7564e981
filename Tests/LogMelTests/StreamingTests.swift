import Testing

@testable import LogMel

@Suite struct StreamingTests {
  @Test func resetEqualsFresh() throws {
    let section = try Golden.section("kaldi40")
    let extraction = try Extraction(section)
    _ = extraction.frames(of: try Golden.samples("loudest_noise"), blockSize: 333)
    extraction.extractor.reset()
    let samples = try Golden.samples("voice")
    #expect(extraction.frames(of: samples, blockSize: 160) == (try Golden.frames("kaldi40", "voice")))
  }

  @Test func whatTheMemoryHeldDoesNotMatter() throws {
    let extraction = try Extraction(try Golden.section("kaldi40"), memoryFilledWith: 0xA5)
    let samples = try Golden.samples("voice")
    #expect(extraction.frames(of: samples, blockSize: 160) == (try Golden.frames("kaldi40", "voice")))
    #expect(extraction.guardsAreIntact)
  }

  @Test func theScratchMemoryBelongsToOthersBetweenCalls() throws {
    let extraction = try Extraction(try Golden.section("kaldi40"))
    #expect(LogMelExtractor.scratchBytes(for: extraction.settings) == 4096)
    let samples = try Golden.samples("voice")
    var frames: [Int16] = []
    for start in stride(from: 0, to: samples.count, by: 160) {
      extraction.overwriteScratch()
      frames += extraction.frames(of: Array(samples[start..<min(start + 160, samples.count)]), blockSize: 160)
    }
    #expect(frames == (try Golden.frames("kaldi40", "voice")))
  }

  @Test func silenceIsExactlyTheFloor() throws {
    let extraction = try Extraction(try Golden.section("kaldi40"))
    for value: Int16 in [0, 1, -1, .max, .min] {
      extraction.extractor.reset()
      let frames = extraction.frames(of: .init(repeating: value, count: 880), blockSize: 160)
      #expect(frames == .init(repeating: -16_325, count: 160))
    }
  }

  @Test func progressCountsWhatItTook() throws {
    let extraction = try Extraction(try Golden.section("kaldi40"))
    var frame = [Int16](repeating: 0, count: 40)
    func accept(_ count: Int) -> LogMelProgress {
      let samples = [Int16](repeating: 0, count: count)
      return samples.withUnsafeBufferPointer { extraction.extractor.accept($0, frame: &frame) }
    }
    #expect(accept(0) == LogMelProgress(consumed_samples: 0, isFrameReady: false))
    #expect(accept(399) == LogMelProgress(consumed_samples: 399, isFrameReady: false))
    #expect(accept(4096) == LogMelProgress(consumed_samples: 1, isFrameReady: true))
    #expect(accept(4096) == LogMelProgress(consumed_samples: 160, isFrameReady: true))
    #expect(accept(159) == LogMelProgress(consumed_samples: 159, isFrameReady: false))
    #expect(accept(1) == LogMelProgress(consumed_samples: 1, isFrameReady: true))
    let nothing = UnsafeBufferPointer<Int16>(start: nil, count: 0)
    #expect(extraction.extractor.accept(nothing, frame: &frame).consumed_samples == 0)
  }
}
