/// A word in a stream and when it was said.
public struct TruthWord: Equatable, Sendable {
  public let start_s: Double
  public let end_s: Double
  public let word: String

  public init(start_s: Double, end_s: Double, word: String) {
    self.start_s = start_s
    self.end_s = end_s
    self.word = word
  }
}
