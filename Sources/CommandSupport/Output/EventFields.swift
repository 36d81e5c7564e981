import AudioInput
import KeywordSpotter

extension KeywordEvent {
  /// Seconds of sound heard at the decision.
  package var time_s: Double { Double(position) / Double(outputRate_hz) }
  /// Mean probability, 0...1.
  package var score: Double { Double(score_q15) / 32768 }

  /// That the word was said, 0...1; nil where the model does not say how sure to be.
  package var probability: Double? { probability_q15 < 0 ? nil : Double(probability_q15) / 32768 }

  /// What every JSON object about a keyword begins with.
  ///
  /// - Parameter words: the model's, by class.
  package func jsonFields(words: [String]) -> [(key: String, value: JSONValue)] {
    [
      ("event", .string("keyword")), ("word", .string(words[word])), ("score", .decimal(score, decimals: 4)),
      ("probability", .probability(probability)),
      ("time_s", .decimal(time_s, decimals: 4)),
    ]
  }
}
