import CommandSupport
import SpotterHost

/// Clips that can be scored in any order, by several threads at once.
protocol ClipBatch: Sendable {
  var count: Int { get }
  /// Class that a clip is known to hold.
  func label(_ index: Int) -> Int?
  /// What a clip is called in messages.
  func name(_ index: Int) -> String
  /// Scores one clip.
  func score(_ index: Int, scorer: inout ClipScorer) throws(Failure) -> ClipOutcome
}

/// A clip's score and how much sound it was.
struct ClipOutcome: Sendable {
  let score: ClipScorer.Score
  /// Length of the input in seconds, without the zeros appended to a short clip.
  let audio_s: Double
  /// Of the sound's floats, where they are no sound in the scale of floats.
  let floatsBeyondScale: Float?

  init(score: ClipScorer.Score, audio_s: Double, floatsBeyondScale: Float? = nil) {
    self.score = score
    self.audio_s = audio_s
    self.floatsBeyondScale = floatsBeyondScale
  }
}
