import Foundation
import KeywordSpotter
import TestSupport
import Testing

@testable import SiLIF
@testable import SpotterHost

/// The vectors that `python -m silif_tools.integer.calibration_golden` wrote.
private struct Golden: Decodable {
  struct Function: Decodable {
    let section: String
    let window: Int
    let means: [[Int32]]
    let found: [Int32]
  }

  struct Events: Decodable {
    let section: String
    let window: Int
    let warm_up: Int
    let refractory: Int
    let least_share_q15: Int32
    let classes: Int
    let threshold_q15: Int32
    let rearm_q15: Int32
    let seed: UInt64
    /// Frame, class, score, probability.
    let events: [[Int]]
  }

  struct Clip: Decodable {
    let section: String
    let frames: Int
    let sums: [Int64]
    let found: Int32
  }

  let functions: [Function]
  let events: [Events]
  let clips: [Clip]

  static func load() throws -> Golden {
    let path = Fixture.path("KeywordSpotterTests/Golden/calibration.json")
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }
}

/// Calls `body` with the bytes of a section or a model, aligned. What points into them ends with it.
private func withAligned<Result>(
  _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Result
) rethrows -> Result {
  let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
  defer { copy.deallocate() }
  copy.copyBytes(from: bytes)
  return try body(UnsafeRawBufferPointer(copy))
}

private func withCalibration(
  _ section: [UInt8], window_frames: Int, _ body: (Calibration) throws -> Void
) throws {
  try withAligned(section) { try body(Calibration(section: $0, window_frames: window_frames)) }
}

private func littleEndian(_ words: [UInt16]) -> [UInt8] {
  words.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
}

private func bytes(hex: String) -> [UInt8] {
  let digits = hex.compactMap { $0.hexDigitValue }
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(16 * digits[$0] + digits[$0 + 1]) }
}

@Suite struct CalibrationTests {
  @Test func equalsTheReference() throws {
    for golden in try Golden.load().functions {
      try withCalibration(bytes(hex: golden.section), window_frames: golden.window) { calibration in
        let found = golden.means.map {
          calibration.probability_q15(score_q15: $0[0], recent_q15: $0[1], rival_q15: $0[2])
        }
        #expect(found == golden.found)
      }
    }
  }

  @Test func eventsEqualTheReference() throws {
    for golden in try Golden.load().events {
      try withCalibration(bytes(hex: golden.section), window_frames: golden.window) { calibration in
        let memory = AlignedMemory(
          byteCount: Detector.requiredBytes(window_frames: golden.window, classes: golden.classes))
        var detector = Detector(
          window_frames: golden.window, warmUp_frames: golden.warm_up, refractory_frames: golden.refractory,
          classes: golden.classes, leastShare_q15: golden.least_share_q15, calibration: calibration,
          memory: memory.bytes)
        for index in 0..<max(golden.classes - 1, 1) {
          detector.setLevels(threshold_q15: golden.threshold_q15, rearm_q15: golden.rearm_q15, ofClass: index)
        }
        var state = golden.seed
        var level = [Int32](repeating: 12000, count: golden.classes)
        var found: [[Int]] = []
        for frame in 0..<400 {
          for index in level.indices {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            level[index] = min(max(level[index] + Int32(Int16(truncatingIfNeeded: state >> 48) >> 2), 0), 32768)
          }
          if let event = detector.step(level.map { UInt16($0) }, at: Int64(frame)) {
            found.append([frame, event.word, Int(event.score_q15), Int(event.probability_q15)])
          }
        }
        #expect(found == golden.events)
        withExtendedLifetime(memory) {}
      }
    }
  }

  @Test func clipsEqualTheReference() throws {
    for golden in try Golden.load().clips {
      try withCalibration(bytes(hex: golden.section), window_frames: 1) { calibration in
        let winner = golden.sums.indices.max { (golden.sums[$0], -$0) < (golden.sums[$1], -$1) }!
        let found = golden.sums.withUnsafeBufferPointer {
          calibration.probability_q15(ofClip: $0, winner: winner, frames: golden.frames)
        }
        #expect(found == golden.found)
      }
    }
  }

  /// Whatever a caller of C hands over: the same as the nearest sum that there can be.
  @Test func sumsBeyondTheirRangeCountAsTheNearest() throws {
    try withCalibration(littleEndian([1, 2, 16384, 0, 16384, 0, 0, 0, 0, 0, 32768, 32768]), window_frames: 1) {
      calibration in
      func found(_ sums: [Int64], _ frames: Int) -> Int32 {
        sums.withUnsafeBufferPointer { calibration.probability_q15(ofClip: $0, winner: 0, frames: frames) }
      }
      for frames in [1, 100, Int(Int32.max)] {
        let one = Int64(frames) << 15
        #expect(
          found([one, 0], frames) == 32768 && found([0, one], frames) == 0 && found([one, one], frames) == 16384)
        for beyond in [one + 1, .max] {
          #expect(found([beyond, 0], frames) == 32768 && found([0, beyond], frames) == 0)
          #expect(found([beyond, beyond], frames) == 16384)
        }
        for below in [-1, Int64.min] { #expect(found([below, below], frames) == found([0, 0], frames)) }
      }
    }
  }

  /// Whatever a section holds that the reader takes: probabilities, which never fall where a word gains or its rival loses.
  @Test(arguments: 0..<50) func isAMonotoneProbability(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let cuts = [Int.random(in: 0...32768, using: &random), Int.random(in: 0...32768, using: &random)].sorted()
    let count = Int.random(in: 2...64, using: &random)
    var levels = Set<UInt16>()
    while levels.count < count { levels.insert(.random(in: 0...32768, using: &random)) }
    let probabilities = (0..<count).map { _ in UInt16.random(in: 0...32768, using: &random) }.sorted()
    let weights = [cuts[0], cuts[1] - cuts[0], 32768 - cuts[1]].map { UInt16($0) }
    var words: [UInt16] = [2, UInt16(count)] + weights + [5, 9, 0]
    for (evidence, probability) in zip(levels.sorted(), probabilities) { words += [evidence, probability] }
    try withCalibration(littleEndian(words), window_frames: 5) { calibration in
      for _ in 0..<200 {
        let means = (0..<3).map { _ in Int32.random(in: 0...32768, using: &random) }
        let more = means.map { Int32.random(in: $0...32768, using: &random) }
        let low = calibration.probability_q15(score_q15: means[0], recent_q15: means[1], rival_q15: more[2])
        let high = calibration.probability_q15(score_q15: more[0], recent_q15: more[1], rival_q15: means[2])
        #expect((0...32768).contains(low) && low <= high && high <= 32768)
      }
    }
  }

  @Test func withoutOneNothingIsInvented() throws {
    #expect(Calibration.none.probability_q15(score_q15: 32768, recent_q15: 32768, rival_q15: 0) == -1)
    let file = try SpotterFixture.audio()
    #expect(!file.model.clipCalibration.exists && !file.model.eventCalibration.exists)
    let memory = AlignedMemory(byteCount: try ClipScorer.requiredBytes(for: file.model))
    var scorer = try ClipScorer(model: file.model, memory: memory.bytes)
    let score = TestSound.samples(16_000).withUnsafeBufferPointer { scorer.score(samples: $0) }
    #expect(score.probability_q15 == -1 && score.probability == nil)
    withExtendedLifetime(memory) {}
  }
}

/// A field of the section, and values that no exporter writes.
struct CalibrationField: Sendable, CustomTestStringConvertible {
  let name: String
  /// u16 words from the section's start.
  let index: Int
  let values: [UInt16]

  var testDescription: String { name }

  static let all = [
    CalibrationField(name: "calibrates", index: 0, values: [0, 3, .max]),
    CalibrationField(name: "knot_count", index: 1, values: [0, 1, 2, 65, .max]),
    CalibrationField(name: "score_weight_q15", index: 2, values: [0, 9999, 10001, 32769, .max]),
    CalibrationField(name: "score_weight_q15", index: 3, values: [32769, .max]),
    CalibrationField(name: "score_weight_q15", index: 4, values: [32769, .max]),
    CalibrationField(name: "recent_frames", index: 5, values: [0, 11, .max]),
    CalibrationField(name: "reserved", index: 7, values: [1, .max]),
    // Evidence that stands still or falls, then probability that falls, then what is no probability.
    CalibrationField(name: "knots_q15", index: 10, values: [0, 20000, 20001]),
    CalibrationField(name: "knots_q15", index: 11, values: [99, 30001]),
    CalibrationField(name: "knots_q15", index: 13, values: [999, 32769, .max]),
  ]
}

@Suite struct CalibrationReaderTests {
  /// Three knots; of events unless told otherwise.
  private static let words: [UInt16] = [2, 3, 10000, 10000, 12768, 10, 316, 0, 0, 100, 10000, 1000, 20000, 30000]

  private func refused(_ words: [UInt16], window: Int = 10, dropping: Int = 0) -> ModelError? {
    let bytes = littleEndian(words).dropLast(dropping)
    do {
      try withAligned(Array(bytes)) { bytes in
        _ = try Calibration(section: bytes, window_frames: window)
      }
      return nil
    } catch { return error as? ModelError }
  }

  private func refusal(_ words: [UInt16], window: Int = 10, dropping: Int = 0) -> String? {
    refused(words, window: window, dropping: dropping)?.field.description
  }

  @Test func whatIsRightIsRead() throws {
    #expect(refusal(Self.words) == nil)
    #expect(refusal(Self.words, window: 9) == "recent_frames")
    let clips: [UInt16] = [1, 3, 20000, 0, 12768, 0, 0, 0] + Self.words[8...]
    #expect(refusal(clips) == nil)
    var weighed = clips
    (weighed[2], weighed[3]) = (19999, 1)
    #expect(refusal(weighed) == "recent_weight_q15")
    for (index, name) in [(5, "recent_frames"), (6, "words_per_hour")] {
      var words = clips
      words[index] = 1
      #expect(refusal(words) == name)
    }
  }

  @Test(arguments: CalibrationField.all) func whatIsWrongIsRefusedByName(_ field: CalibrationField) {
    for value in field.values {
      var words = Self.words
      words[field.index] = value
      #expect(refusal(words) == field.name, "\(value)")
    }
  }

  @Test(arguments: [(0, 3), (1, 65), (2, 9999), (5, 11), (7, 1)] as [(Int, UInt16)])
  func whatIsRefusedIsSaid(_ index: Int, _ value: UInt16) {
    var words = Self.words
    words[index] = value
    #expect(refused(words)?.value == Int64(value))
  }

  @Test func aSectionOfAnotherLengthIsRefused() {
    for count in 1...2 * Self.words.count {
      #expect(refusal(Self.words, dropping: count) == (2 * Self.words.count - count < 16 ? "CALB" : "knot_count"))
    }
    #expect(refusal(Self.words + [0]) == "knot_count")
  }

  /// In sections that are as long as they say.
  @Test func thereAreTwoKnotsToSixtyFour() {
    func section(_ knots: UInt16) -> [UInt16] { [2, knots] + Self.words[2..<8] + (0..<knots).flatMap { [$0, $0] } }
    for knots: UInt16 in [2, 64] { #expect(refusal(section(knots)) == nil) }
    for knots: UInt16 in [0, 1, 65, 200] { #expect(refusal(section(knots)) == "knot_count", "\(knots)") }
  }
}

@Suite struct CalibratedModelTests {
  private func withModel(_ added: [[UInt16]], _ body: (Model) throws -> Void = { _ in }) throws {
    try withAligned(CalibratedFixture.bytes(added)) { try body(Model(bytes: $0)) }
  }

  @Test func aModelHasOneOfEachAtMost() throws {
    let (clips, events) = (CalibratedFixture.clips, CalibratedFixture.events)
    try withModel([events, clips]) { both in
      #expect(both.clipCalibration.exists && both.eventCalibration.wordsPerHour == 7)
    }
    #expect(throws: ModelError(.inconsistent, "calibrates", value: 1)) { try withModel([clips, clips]) }
    #expect(throws: ModelError(.inconsistent, "calibrates", value: 2)) { try withModel([events, clips, events]) }
  }

  @Test func clipsAndEventsHaveTheirOwn() throws {
    try withModel([CalibratedFixture.clips, CalibratedFixture.events]) { model in
      let memory = AlignedMemory(byteCount: try ClipScorer.requiredBytes(for: model))
      var scorer = try ClipScorer(model: model, memory: memory.bytes)
      let score = TestSound.samples(16_000).withUnsafeBufferPointer { scorer.score(samples: $0) }
      let mean = (score.sums_q15[score.winner] + 49) / 98
      #expect(score.probability_q15 == Int32((mean + 1) / 2))
      #expect(scorer.finish().frames == 98)

      var settings = DetectorSettings(defaultsOf: model)
      settings.words[0].threshold_q15 = 20000
      let room = AlignedMemory(byteCount: Detector.requiredBytes(for: settings))
      var detector = Detector(settings: settings, calibration: model.eventCalibration, memory: room.bytes)
      let row = [20001] + [UInt16](repeating: 0, count: model.header.classCount - 1)
      let events = (0..<400).compactMap { detector.step(row, at: Int64($0)) }
      #expect(events.first?.score_q15 == 20001 && events.first?.probability_q15 == 5000)
      withExtendedLifetime((memory, room)) {}
    }
  }
}
