import CommandSupport
import KeywordSpotter
import TestSupport
import Testing

@testable import kws_score

@Suite struct StreamScoreTests {
  private let words = ["yes", "no", "stop"]

  private func score(_ events: [(Double, String)], _ truth: [(Double, Double, String)]) -> StreamScore {
    StreamScore(
      events: events.map { event($0.0, $0.1) }, words: words,
      truth: truth.map { TruthWord(start_s: $0.0, end_s: $0.1, word: $0.2) })
  }

  private func event(_ time_s: Double, _ word: String) -> KeywordEvent {
    KeywordEvent(word: words.firstIndex(of: word)!, score_q15: 32768, position: Int64((time_s * 16000).rounded()))
  }

  @Test func hitsLieBetweenTheStartAndTheGraceAfterTheEnd() {
    let truth = [(10.0, 10.5, "yes")]
    #expect(score([(10.0, "yes")], truth).verdicts == [.hit])
    #expect(score([(11.25, "yes")], truth).verdicts == [.hit])
    #expect(score([(9.99, "yes")], truth).verdicts == [.falseAlarm])
    #expect(score([(11.26, "yes")], truth).verdicts == [.falseAlarm])
    #expect(score([(11.0, "yes")], truth).latencies_ms == [500])
    #expect(score([], truth).misses == 1)
  }

  @Test func aWordIsHitOnce() {
    let result = score([(10.1, "yes"), (10.2, "yes")], [(10, 10.5, "yes")])
    #expect(result.verdicts == [.hit, .falseAlarm])
    #expect(result.hits == 1)
    #expect(result.misses == 0)
  }

  @Test func anotherWordThereIsWrong() {
    let result = score([(10.1, "no"), (12, "no"), (10.6, "yes")].sorted { $0.0 < $1.0 }, [(10, 10.5, "yes")])
    #expect(result.verdicts == [.wrongWord, .hit, .falseAlarm])
    #expect((result.hits, result.wrongWords, result.falseAlarms) == (1, 1, 1))
  }

  @Test func overlappingWordsAreEachHit() {
    // The second begins within the grace of the first.
    let truth = [(10.0, 10.5, "yes"), (10.8, 11.2, "no"), (11.3, 11.8, "yes")]
    let result = score([(11.0, "no"), (11.1, "yes"), (11.5, "yes")], truth)
    #expect(result.verdicts == [.hit, .hit, .hit])
    #expect(result.isHit == [true, true, true])
  }

  /// Against the rule written down without any shortcut.
  @Test(arguments: 0..<50) func agreesWithBruteForce(_ seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    let truth = (0..<30).map { _ in
      let start = Double.random(in: 0..<40, using: &generator)
      return TruthWord(
        start_s: start, end_s: start + .random(in: 0..<2, using: &generator),
        word: words.randomElement(using: &generator)!)
    }.sorted { $0.start_s < $1.start_s }
    let events = (0..<60).map { _ in
      event(.random(in: 0..<44, using: &generator), words.randomElement(using: &generator)!)
    }.sorted { $0.position < $1.position }

    var hit = [Bool](repeating: false, count: truth.count)
    let expected: [StreamScore.Verdict] = events.map { event in
      let near = truth.indices.filter { truth[$0].start_s <= event.time_s && event.time_s <= truth[$0].end_s + 0.75 }
      if let index = near.first(where: { truth[$0].word == words[event.word] && !hit[$0] }) {
        hit[index] = true
        return .hit
      }
      return near.contains { truth[$0].word != words[event.word] } ? .wrongWord : .falseAlarm
    }
    let result = StreamScore(events: events, words: words, truth: truth)
    #expect(result.verdicts == expected)
    #expect(result.isHit == hit)
    #expect(result.hits + result.misses == truth.count)
  }

  @Test func percentilesAreNumPys() {
    #expect(percentile(0.5, ofSorted: []) == nil)
    #expect(percentile(0.5, ofSorted: [3]) == 3)
    #expect(percentile(0.5, ofSorted: [1, 2, 3, 4]) == 2.5)
    #expect(abs(percentile(0.95, ofSorted: [1, 2, 3, 4, 5])! - 4.8) < 1e-12)
    #expect(percentile(1, ofSorted: [1, 2]) == 2)
  }
}
