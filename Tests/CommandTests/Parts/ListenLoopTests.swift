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
    while let event = loop.ring.pop() { events.append(event) }
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

  @Test func aGapStartsAnewAndTheSampleCountRunsOn() throws {
    let sound = TestSound.samples(seconds: 2)
    let alone = events(of: try run([.samples(sound)]))
    let loop = try run([.samples(sound), .gap, .samples(sound)])
    let both = events(of: loop)
    #expect(!alone.isEmpty)
    #expect(loop.overrunCount == 1)
    #expect(loop.sampleCount == Int64(2 * sound.count))
    let shifted = keywords(alone).map {
      ListenEvent.keyword(
        KeywordEvent(word: $0.word, score_q15: $0.score_q15, position: $0.position + Int64(sound.count)))
    }
    #expect(both == alone + [.overrun(count: 1, position: Int64(sound.count))] + shifted)
  }

  @Test func aGapForgetsWhatCameBefore() throws {
    let sound = TestSound.samples(seconds: 2)
    let whole = events(of: try run([.samples(sound)]))
    let event = try #require(keywords(whole).first)
    // Cut just before the decision: the warm-up masks it.
    let cut = Int(event.position) - 160
    let broken = events(of: try run([.samples(Array(sound[..<cut])), .gap, .samples(Array(sound[cut...]))]))
    #expect(!keywords(broken).contains { $0.position < event.position + 20 * 160 })
  }

  @Test func manyOverrunsAreSurvived() throws {
    let loop = try run(
      Array(repeating: ScriptedSource.Step.gap, count: 100) + [.samples(TestSound.samples(seconds: 1))])
    #expect(loop.overrunCount == 100)
    #expect(loop.sampleCount == 16000)
    #expect(loop.error == nil)
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
    case gap
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
      case .gap: return .gap
      case .failure: throw AudioError(.noSuchDevice, "hw:0", "the device was unplugged")
      }
    }
    let count = min(rest.count, buffer.count)
    for index in 0..<count { buffer[index] = rest.removeFirst() }
    return .samples(count)
  }
}
