import AudioInput
import CommandSupport
import KeywordSpotter
import SpotterHost
import TestSupport
import Testing

@testable import kws_listen

/// Gaps and failures, from a source that a test scripts.
@Suite struct ListenLoopTests {
  private func setUp() throws -> SpotterSetUp {
    let file = try ModelFile(path: Fixture.audio)
    return try SpotterSetUp(file: file, settings: DetectorSettings(defaultsOf: file.model))
  }

  private func events(of loop: ListenLoop) -> [ListenEvent] {
    var events: [ListenEvent] = []
    while let event = loop.ring.pop() {
      if case .level = event { continue }
      events.append(event)
    }
    return events
  }

  private func keywords(_ events: [ListenEvent]) -> [KeywordEvent] {
    events.compactMap { if case .keyword(let event) = $0 { event } else { nil } }
  }

  private func run(_ script: [ScriptedSource.Step], limit_samples: Int64 = .max) throws -> ListenLoop {
    let loop = try ListenLoop(
      source: ScriptedSource(script), setUp: setUp(), stop: StopRequest(catchesSignals: false), isLive: true,
      limit_samples: limit_samples)
    loop.run()
    #expect(loop.isFinished)
    return loop
  }

  private func gap(samples: Int64) -> ScriptedSource.Step { .gap(SoundLoss(.overrun, lost_samples: samples)) }
  private func silence(_ count: Int) -> ScriptedSource.Step { .samples([Int16](repeating: 0, count: count)) }

  @Test(arguments: [0, 1, 320, 1_600, 16_000]) func aShortGapIsFilledAndTheStateGoesOn(samples: Int) throws {
    let sound = TestSound.samples(seconds: 2)
    let (first, second) = (Array(sound[..<13_000]), Array(sound[13_000...]))
    let filled = keywords(events(of: try run([.samples(first), silence(samples), .samples(second)])))
    let loop = try run([.samples(first), gap(samples: Int64(samples)), .samples(second)])
    let both = events(of: loop)
    #expect(!filled.isEmpty && keywords(both) == filled)
    let told = Gap(
      count: 1, loss: SoundLoss(.overrun, lost_samples: Int64(samples)), filled_samples: Int64(samples), isReset: false,
      position: Int64(13_000 + samples))
    #expect(both.contains(.gap(told)))
    #expect(loop.gapCount == 1 && loop.lostSampleCount == Int64(samples))
    #expect(loop.sampleCount == Int64(sound.count + samples))
  }

  /// What is filled in is quieter than any room, and anything would rise above it.
  @Test func theGateDoesNotHearWhatIsFilledIn() throws {
    var random = SplitMix64(seed: 4)
    func noise(_ count: Int) -> [Int16] { (0..<count).map { _ in .random(in: -1000...1000, using: &random) } }
    let gate = SpeechGate(rise_dB: 10)
    let script: [ScriptedSource.Step] = [.samples(noise(160_000)), gap(samples: 8_000), .samples(noise(16_000))]
    let loop = try ListenLoop(
      source: ScriptedSource(script), setUp: setUp(), stop: StopRequest(catchesSignals: false), isLive: true,
      limit_samples: .max, gate: gate)
    loop.run()
    #expect(!gate.isOpen && loop.sampleCount == 184_000)
  }

  @Test func aLongGapStartsAnewAndTheSampleCountRunsOn() throws {
    let sound = TestSound.samples(seconds: 2)
    let alone = keywords(events(of: try run([.samples(sound)])))
    let loop = try run([.samples(sound), gap(samples: 16_001), .samples(sound)])
    let shifted = alone.map {
      KeywordEvent(word: $0.word, score_q15: $0.score_q15, position: $0.position + Int64(sound.count))
    }
    #expect(!alone.isEmpty && keywords(events(of: loop)) == alone + shifted)
    #expect(loop.sampleCount == Int64(2 * sound.count))
  }

  @Test func aLongGapForgetsWhatCameBefore() throws {
    let sound = TestSound.samples(seconds: 2)
    let other = TestSound.samples(seconds: 2, seed: 9)
    func after(_ first: [Int16]) throws -> [KeywordEvent] {
      let loop = try run([.samples(first), gap(samples: 1 << 40), .samples(sound)])
      return keywords(events(of: loop)).filter { $0.position > Int64(first.count) }
    }
    #expect(try after(sound) == after(other) && !after(sound).isEmpty)
  }

  /// Levels that nobody reads are added up, and leave the ring to words.
  @Test func levelsTakeNoPlaceFromWords() throws {
    let sound = TestSound.samples(seconds: 2)
    let expected = keywords(events(of: try run([silence(320 * 600), .samples(sound)])))
    let loop = try ListenLoop(
      source: ScriptedSource([silence(320 * 600), .samples(sound)]), setUp: setUp(),
      stop: StopRequest(catchesSignals: false), isLive: true, limit_samples: .max, levelInterval_samples: 320)
    loop.run()
    #expect(loop.lostEventCount == 0)
    var total = Level()
    var heard: [KeywordEvent] = []
    while let event = loop.ring.pop() {
      if case .level(let level, _) = event { total.add(level) }
      if case .keyword(let keyword) = event { heard.append(keyword) }
    }
    #expect(!expected.isEmpty && heard == expected)
    #expect(total.count == Int64(320 * 600 + sound.count) && total.peak > 1_000)
  }

  @Test func manyGapsAreSurvived() throws {
    let loop = try run(
      Array(repeating: gap(samples: 0), count: 100) + [.samples(TestSound.samples(seconds: 1))])
    #expect(loop.gapCount == 100)
    #expect(loop.sampleCount == 16000)
    #expect(loop.error == nil)
  }

  @Test func aLostDeviceIsTold() throws {
    let loop = try run([silence(320), .lost(.gone), gap(samples: 32), silence(320)])
    let all = events(of: loop)
    #expect(all.first == .deviceLost(.gone, position: 320) && all.count == 2)
  }

  @Test func aFailureIsKeptAndWhatCameBeforeIsNotLost() throws {
    let sound = TestSound.samples(seconds: 2)
    let loop = try run([.samples(sound), .failure])
    #expect(loop.error?.kind == .noSuchDevice)
    #expect(!events(of: loop).isEmpty)
    #expect(loop.sampleCount == Int64(sound.count))
  }

  @Test func theLimitIsExact() throws {
    #expect(try run([.samples(TestSound.samples(seconds: 2))], limit_samples: 12345).sampleCount == 12345)
  }
}

/// Plays a script.
private final class ScriptedSource: AudioSource {
  enum Step {
    case samples([Int16])
    case gap(SoundLoss)
    case lost(SoundLoss.Cause)
    case failure
  }

  private var script: [Step]
  private var rest: ArraySlice<Int16> = []

  init(_ script: [Step]) { self.script = script }

  func read(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead {
    if rest.isEmpty {
      guard !script.isEmpty else { return .end }
      switch script.removeFirst() {
      case .samples(let samples): rest = samples[...]
      case .gap(let loss): return .gap(loss)
      case .lost(let cause): return .lost(cause)
      case .failure: throw AudioError(.noSuchDevice, "hw:0", "the device was unplugged")
      }
    }
    let count = min(rest.count, buffer.count)
    for index in 0..<count { buffer[index] = rest.removeFirst() }
    return .samples(count)
  }
}
