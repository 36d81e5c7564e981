import CSiLIF
import KeywordSpotter
import SiLIF
import SpotterHost
import TestSupport
import Testing

@Suite struct EngineTests {
  @Test(arguments: [Fixture.audio, Fixture.counts, Fixture.sampling])
  func theSelfTestPassesInExactlyThePlannedMemory(_ path: String) throws {
    let engine = try OpenEngine(TemporaryFolder.bytes(path))
    var digest: UInt64 = 0
    #expect(silif_verify(engine.engine, &digest) == SILIF_OK)
    #expect(digest != 0)
    #expect(engine.isGuardIntact)
    let plan = engine.plan
    #expect(plan.total == plan.engine + plan.network + plan.front_end + plan.detector)
    // What `kws-model info` says.
    #expect(plan.engine == CInterface.recordBytes)
  }

  @Test func aChangedSelfTestFails() throws {
    var bytes = try TemporaryFolder.bytes(Fixture.audio)
    let digest = try sectionStart("TEST", in: bytes) + 8
    bytes[digest] ^= 1
    repairChecksum(&bytes)
    let engine = try OpenEngine(bytes)
    // A handle does not keep its memory.
    withExtendedLifetime(engine) { #expect(silif_verify(engine.engine, nil) == SILIF_ERROR_SELF_TEST) }
  }

  /// A valid model whose re-arming level, scaled to a threshold and times its window, left 32 bits.
  @Test(arguments: [0, 1, 16384, 29491, 32768] as [Int32])
  func anyThresholdFitsAnyModel(_ threshold_q15: Int32) throws {
    var bytes = try TemporaryFolder.bytes(Fixture.audio)
    let detector = try sectionStart("DTCT", in: bytes)
    let classes = Int(bytes[detector + 6])
    (bytes[detector], bytes[detector + 1]) = (0, 4)  // window_frames: 1024
    for index in 0..<classes {
      // threshold_q15: 1; rearm_q15: 32768; a keyword
      for (at, byte) in [1, 0, 0, 0x80, 1].enumerated() { bytes[detector + 16 + 8 * index + at] = UInt8(byte) }
    }
    repairChecksum(&bytes)
    let engine = try OpenEngine(bytes)
    withExtendedLifetime(engine) {
      for index in 0..<classes {
        #expect(silif_set_threshold_q15(engine.engine, index, threshold_q15) == SILIF_OK)
      }
      _ = engine.push(TestSound.samples(8000), block: 160)
      #expect(engine.isGuardIntact)
    }
  }

  /// Of a model that says how sure to be, and of one that does not.
  @Test(arguments: [true, false]) func hearsWhatTheSpotterHearsWhateverTheBlocks(_ isCalibrated: Bool) throws {
    let samples = TestSound.samples(80_000)
    let bytes =
      isCalibrated ? try CalibratedFixture.bytes() : try TemporaryFolder.bytes(Fixture.audio)
    var expected: [OpenEngine.Heard] = []
    let model = aligned(bytes.count)
    model.copyBytes(from: bytes)
    let file = try Model(bytes: UnsafeRawBufferPointer(model))
    let settings = DetectorSettings(defaultsOf: file)
    let memory = AlignedMemory(byteCount: try KeywordSpotter.requiredBytes(for: file, settings: settings))
    var spotter = try KeywordSpotter(model: file, settings: settings, memory: memory.bytes)
    samples.withUnsafeBufferPointer { samples in
      var rest = samples
      while let found = spotter.accept(&rest) {
        expected.append(
          .init(
            word: Int32(found.word), score_q15: found.score_q15, probability_q15: found.probability_q15,
            sample: found.position))
      }
    }
    #expect(expected.count >= 3)
    #expect(
      expected.allSatisfy { isCalibrated ? $0.probability_q15 == ($0.score_q15 + 2) / 4 : $0.probability_q15 == -1 })
    let whole = try OpenEngine(bytes).push(samples, block: samples.count)
    #expect(whole.heard == expected)
    for block in [1, 7, 160, 4096] {
      let engine = try OpenEngine(bytes)
      let found = engine.push(samples, block: block)
      #expect(found.heard == expected, "block \(block)")
      #expect(found.digest == whole.digest, "block \(block)")
      #expect(engine.isGuardIntact)
    }
    withExtendedLifetime((memory, model)) {}
    model.deallocate()
  }

  /// What is drawn depends on the seed and the steps since a reset: not on blocks, and not on what was drawn before.
  @Test func aSeedReplaysWhateverTheBlocks() throws {
    let samples = TestSound.samples(40_000)
    let bytes = try TemporaryFolder.bytes(Fixture.sampling)
    let own = try OpenEngine(bytes).push(samples, block: 4096).digest
    var seeded: UInt64?
    for block in [1, 7, 160, 4096] {
      let engine = try OpenEngine(bytes)
      #expect(engine.push(samples, block: block).digest == own, "block \(block)")
      #expect(silif_set_seed(engine.engine, 7) == SILIF_OK)
      #expect(silif_reset(engine.engine) == SILIF_OK)
      let found = engine.push(samples, block: block).digest
      #expect(found != own && found == seeded ?? found, "block \(block)")
      seeded = found
      // A reset keeps the seed, and verifying brings the model's own only for itself.
      #expect(silif_verify(engine.engine, nil) == SILIF_OK)
      #expect(engine.push(samples, block: block).digest == found, "block \(block)")
      #expect(silif_set_seed(engine.engine, 42) == SILIF_OK)
      silif_reset(engine.engine)
      #expect(engine.push(samples, block: block).digest == own, "block \(block)")
      #expect(engine.isGuardIntact)
    }
    let silent = try OpenEngine(TemporaryFolder.bytes(Fixture.audio))
    #expect(silif_set_seed(silent.engine, 7) == SILIF_ERROR_ARGUMENT)
    #expect(silif_set_seed(nil, 7) == SILIF_ERROR_ARGUMENT)
    // It samples, but without numbers.
    var fedBack = bytes
    fedBack[try sectionStart("SMPL", in: bytes)] = 3
    repairChecksum(&fedBack)
    let feedback = try OpenEngine(fedBack)
    #expect(silif_set_seed(feedback.engine, 7) == SILIF_ERROR_ARGUMENT)
    withExtendedLifetime((silent, feedback)) {}
  }

  @Test func layersShowWhatTheyHave() throws {
    let engine = try OpenEngine(TemporaryFolder.bytes(Fixture.sampling))
    _ = engine.push(TestSound.samples(4_000), block: 160)
    var count = 99
    // The encoder has a stream and no spikes; blocks have both; the readout is no hidden layer.
    for (layer, hasSpikes, hasStream) in [(0, false, true), (1, true, true), (2, true, true), (3, false, false)] {
      #expect((silif_spikes(engine.engine, layer, &count) != nil) == hasSpikes)
      #expect(count == (hasSpikes ? 16 : 0))
      #expect((silif_stream(engine.engine, layer, &count) != nil) == hasStream)
      #expect(count == (hasStream ? 16 : 0))
    }
    let audio = try OpenEngine(TemporaryFolder.bytes(Fixture.audio))
    #expect(silif_stream(audio.engine, 0, &count) == nil && count == 0)
    withExtendedLifetime((engine, audio)) {}
  }

  @Test func rightAfterAResetTheDigestIsAFreshOnes() throws {
    let bytes = try TemporaryFolder.bytes(Fixture.sampling)
    let (fresh, used) = (try OpenEngine(bytes), try OpenEngine(bytes))
    _ = used.push(TestSound.samples(4_000), block: 160)
    let start = UInt64(0xCBF2_9CE4_8422_2325)
    #expect(silif_digest(used.engine, start) != silif_digest(fresh.engine, start))
    #expect(silif_reset(used.engine) == SILIF_OK)
    var count = 0
    for layer in 0..<3 {
      let stream = try #require(silif_stream(used.engine, layer, &count))
      #expect(UnsafeBufferPointer(start: stream, count: count).allSatisfy { $0 == 0 }, "layer \(layer)")
    }
    #expect(silif_digest(used.engine, start) == silif_digest(fresh.engine, start))
    withExtendedLifetime((fresh, used)) {}
  }

  @Test func wholeBlocksHearTheSameAsSteps() throws {
    let samples = TestSound.samples(80_000)
    let bytes = try TemporaryFolder.bytes(Fixture.audio)
    let expected = try OpenEngine(bytes).push(samples, block: 4096).heard
    #expect(expected.count >= 3)
    for block in [1, 161, 80_000] {
      let engine = try OpenEngine(bytes)
      var heard: [OpenEngine.Heard] = []
      samples.withUnsafeBufferPointer { samples in
        var (start, used, event) = (0, 0, silif_event())
        while start < samples.count {
          let count = min(block, samples.count - start)
          #expect(silif_hear(engine.engine, samples.baseAddress! + start, count, &used, &event) == SILIF_OK)
          #expect(used == count || event.word >= 0, "only a word ends a call early")
          start += used
          if event.word >= 0 {
            heard.append(
              .init(
                word: event.word, score_q15: event.score_q15,
                probability_q15: silif_event_probability_q15(engine.engine), sample: event.position))
          }
        }
      }
      #expect(heard == expected, "block \(block)")
      #expect(engine.isGuardIntact)
    }
  }

  /// Shorter than a clip, and longer; and nothing that was heard before counts.
  @Test(arguments: [0, 1, 7_001, 20_000], [nil, CalibratedFixture.rule])
  func aClipScoresAsTheClipScorerScoresIt(_ count: Int, _ rule: [UInt16]?) throws {
    let samples = TestSound.samples(count)
    let bytes = try CalibratedFixture.bytes(rules: rule.map { [$0] } ?? [])
    let content = aligned(bytes.count)
    content.copyBytes(from: bytes)
    let model = try Model(bytes: UnsafeRawBufferPointer(content))
    let memory = AlignedMemory(byteCount: try ClipScorer.requiredBytes(for: model))
    var scorer = try ClipScorer(model: model, memory: memory.bytes)
    let expected = samples.withUnsafeBufferPointer { scorer.score(samples: $0) }

    let engine = try OpenEngine(bytes)
    _ = engine.push(TestSound.samples(5_000), block: 160)
    var sums_q15 = [Int64](repeating: -1, count: model.header.classCount)
    var clip = silif_clip()
    #expect(silif_score_clip(engine.engine, samples, samples.count, &sums_q15, &clip) == SILIF_OK)
    #expect(sums_q15 == expected.sums_q15)
    #expect(Int(clip.winner) == expected.winner)
    #expect(Int(clip.steps) == expected.frames)
    #expect(clip.spikes == expected.spikes)
    #expect(silif_clip_probability_q15(engine.engine, sums_q15, &clip) == expected.probability_q15)
    #expect(expected.probability_q15 > 0)
    clip.steps = 0
    #expect(silif_clip_probability_q15(engine.engine, sums_q15, &clip) == -1)
    clip = silif_clip(winner: Int32(model.header.classCount), steps: 9, spikes: 0)
    #expect(silif_clip_probability_q15(engine.engine, sums_q15, &clip) == -1)
    #expect(silif_clip_probability_q15(engine.engine, nil, &clip) == -1)
    #expect(silif_event_probability_q15(nil) == -1 && silif_event_probability_q15(engine.engine) == -1)
    #expect(engine.isGuardIntact)
    withExtendedLifetime((memory, content)) {}
    content.deallocate()
  }

  @Test func aWrongRuleForClipsIsAnErrorOfClipsAlone() throws {
    var rule = CalibratedFixture.rule
    rule[0] = 1025
    let engine = try OpenEngine(CalibratedFixture.bytes(rules: [rule]))
    let samples = TestSound.samples(16_000)
    #expect(engine.push(samples, block: 160).digest != 0)
    var sums_q15 = [Int64](repeating: -1, count: 5)
    var clip = silif_clip()
    #expect(silif_score_clip(engine.engine, samples, samples.count, &sums_q15, &clip) == SILIF_ERROR_OUT_OF_RANGE)
    #expect(sums_q15.allSatisfy { $0 == 0 } && clip.steps == 0)
    #expect(engine.isGuardIntact)
  }

  @Test func resetAndVerifyForgetTheState() throws {
    let samples = TestSound.samples(20_000)
    let engine = try OpenEngine(TemporaryFolder.bytes(Fixture.audio))
    let fresh = engine.push(samples, block: 4096).digest
    #expect(engine.push(samples, block: 4096).digest != fresh)
    silif_reset(engine.engine)
    #expect(engine.push(samples, block: 4096).digest == fresh)
    #expect(silif_verify(engine.engine, nil) == SILIF_OK)
    #expect(engine.push(samples, block: 4096).digest == fresh)
  }

  @Test func aThresholdAboveItsScoreSilencesAWordAlsoAfterVerify() throws {
    let samples = TestSound.samples(80_000)
    let engine = try OpenEngine(TemporaryFolder.bytes(Fixture.audio))
    let first = try #require(engine.push(samples, block: 4096).heard.first)
    try #require(first.score_q15 < 32768)
    silif_reset(engine.engine)
    #expect(silif_set_threshold_q15(engine.engine, Int(first.word), first.score_q15 + 1) == SILIF_OK)
    #expect(silif_verify(engine.engine, nil) == SILIF_OK)
    let again = engine.push(samples, block: 4096).heard
    #expect(!again.contains { $0.word == first.word && $0.sample == first.sample + 80_000 })
  }

  @Test func framesGiveTheResultsOfTheStep() throws {
    let engine = try OpenEngine(TemporaryFolder.bytes(Fixture.counts))
    var model = silif_description()
    #expect(silif_describe(engine.engine, &model) == SILIF_OK)
    #expect(model.sample_rate_hz == 0)
    var event = silif_event()
    let frame = (0..<Int(model.input_count)).map { Int16($0 % 3) }
    #expect(silif_push_frame(engine.engine, frame, frame.count, &event) == SILIF_OK)
    #expect(event.stepped == 1)
    #expect(event.position == 1)
    let classes = Int(model.class_count)
    let probabilities = UnsafeBufferPointer(start: silif_probabilities_q15(engine.engine), count: classes)
    #expect(abs(probabilities.reduce(0) { $0 + Int($1) } - 32768) <= classes)
    #expect(Array(UnsafeBufferPointer(start: silif_frame(engine.engine), count: frame.count)) == frame)
    var neurons = 0
    let spikes = try #require(silif_spikes(engine.engine, 0, &neurons))
    #expect(neurons > 0)
    #expect(UnsafeBufferPointer(start: spikes, count: neurons).allSatisfy { $0 <= 1 })
    #expect(silif_spikes(engine.engine, Int(model.layer_count) - 1, &neurons) == nil)
    #expect(silif_push_frame(engine.engine, frame, frame.count - 1, &event) == SILIF_ERROR_ARGUMENT)
    var used = 0
    #expect(silif_push_samples(engine.engine, frame, 1, &used, &event) == SILIF_ERROR_NO_FRONT_END)
  }
}
