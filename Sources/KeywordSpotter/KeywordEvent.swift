/// A keyword and when it was decided: the one event that the detector makes, threads hand on and sinks write.
public struct KeywordEvent: Equatable, Sendable, BitwiseCopyable {
  /// Class index.
  public let word: Int
  /// Mean probability over the detector's window, Q15, 0...32768; of all keywords together where the detector has a least
  /// share and the word had it.
  public let score_q15: Int32
  /// That the word was said, Q15, 0...32768; -1 where the model does not say how sure to be (docs/SCORING.md).
  public let probability_q15: Int32
  /// Samples consumed at the decision, since the spotter was made; frames, for a model without front end.
  public let position: Int64

  /// - Parameters:
  ///   - word: class index.
  ///   - score_q15: 0...32768.
  ///   - probability_q15: 0...32768, or -1.
  ///   - position: in samples, or frames.
  @_noAllocation @_noLocks
  public init(word: Int, score_q15: Int32, probability_q15: Int32 = -1, position: Int64) {
    self.word = word
    self.score_q15 = score_q15
    self.probability_q15 = probability_q15
    self.position = position
  }
}
