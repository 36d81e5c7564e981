/// A keyword that was reported in a stream.
struct StreamEvent: Equatable, Sendable {
  let time_s: Double
  let word: String
  /// 0...1.
  let score: Double

  init(time_s: Double, word: String, score: Double) {
    self.time_s = time_s
    self.word = word
    self.score = score
  }
}
