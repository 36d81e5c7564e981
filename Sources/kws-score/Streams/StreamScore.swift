import CommandSupport
import KeywordSpotter

/// Events against a truth (docs/SCORING.md). A hit is the right word between its start and `grace_s` after its end, counted
/// once; another word there is a wrong word; every other event is a false alarm.
///
/// Twins: tools/silif_tools/streams/score.py
struct StreamScore: Equatable, Sendable {
  enum Verdict: String, Sendable {
    case hit
    case wrongWord = "wrong_word"
    case falseAlarm = "false_alarm"
  }

  /// An event counts for a word up to this long after the word's end.
  static let grace_s = 0.75

  let truth: [TruthWord]
  /// One for each event.
  private(set) var verdicts: [Verdict] = []
  /// Whether each word of the truth was hit.
  private(set) var isHit: [Bool]
  /// From the end of the word to its event, one for each hit; negative where the word was known before it ended.
  private(set) var latencies_ms: [Double] = []

  var hits: Int { latencies_ms.count }
  var misses: Int { truth.count - hits }
  var wrongWords: Int { verdicts.count { $0 == .wrongWord } }
  var falseAlarms: Int { verdicts.count { $0 == .falseAlarm } }

  /// - Parameters:
  ///   - events: in time.
  ///   - words: the model's, by class.
  ///   - truth: in the order of the starts.
  init(events: [KeywordEvent], words: [String], truth: [TruthWord]) {
    self.truth = truth
    isHit = [Bool](repeating: false, count: truth.count)
    // Words that have started and may still be answered. Words may overlap and differ in length.
    var near: [Int] = []
    var next = 0
    for event in events {
      while next < truth.count, truth[next].start_s <= event.time_s {
        near.append(next)
        next += 1
      }
      near.removeAll { truth[$0].end_s + StreamScore.grace_s < event.time_s }
      verdicts.append(judge(words[event.word], event.time_s, near))
    }
  }

  private mutating func judge(_ word: String, _ time_s: Double, _ near: [Int]) -> Verdict {
    if let index = near.first(where: { !isHit[$0] && truth[$0].word == word }) {
      isHit[index] = true
      latencies_ms.append(1000 * (time_s - truth[index].end_s))
      return .hit
    }
    return near.contains { truth[$0].word != word } ? .wrongWord : .falseAlarm
  }
}
