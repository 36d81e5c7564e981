/// A keyword that was reported in a stream.
public struct StreamEvent: Equatable, Sendable {
  public let time_s: Double
  public let word: String
  /// 0...1.
  public let score: Double

  public init(time_s: Double, word: String, score: Double) {
    self.time_s = time_s
    self.word = word
    self.score = score
  }
}
