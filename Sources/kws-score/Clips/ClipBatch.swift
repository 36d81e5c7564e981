import CommandSupport
import SpotterHost

/// Clips that can be scored in any order, by several threads at once.
protocol ClipBatch: Sendable {
  /// Whether the clips are sound, which may be longer than a clip.
  var isSound: Bool { get }
  var count: Int { get }
  /// Class that a clip is known to hold.
  func label(_ index: Int) -> Int?
  /// What a clip is called in messages.
  func name(_ index: Int) -> String
  /// What to say of the input when the clips are scored.
  var notes: [String] { get }
  /// Scores one clip.
  func score(_ index: Int, scorer: inout ClipScorer) throws(Failure) -> ClipOutcome
}

/// A clip's score and how much sound it was.
struct ClipOutcome: Sendable {
  let score: ClipScorer.Score
  /// Length of the input in seconds, without the zeros appended to a short clip.
  let audio_s: Double
  /// What to say of the sound's floats, if anything.
  let scaleNote: String?
  /// The same of how its channels fit together.
  let channelNote: String?

  init(score: ClipScorer.Score, audio_s: Double, scaleNote: String? = nil, channelNote: String? = nil) {
    self.score = score
    self.audio_s = audio_s
    self.scaleNote = scaleNote
    self.channelNote = channelNote
  }
}
