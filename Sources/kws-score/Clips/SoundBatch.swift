import AudioInput
import CommandSupport
import SpotterHost

/// Sound files as a batch: each is decoded, mixed and resampled while it is scored, so that its length costs no memory.
struct SoundBatch: ClipBatch {
  private let clips: [SoundClip]
  private let settings: SoundSettings

  init(_ clips: [SoundClip], settings: SoundSettings) { (self.clips, self.settings) = (clips, settings) }

  let isSound = true
  let notes: [String] = []
  var count: Int { clips.count }
  func label(_ index: Int) -> Int? { clips[index].label }
  func name(_ index: Int) -> String { clips[index].path }

  func score(_ index: Int, scorer: inout ClipScorer) throws(Failure) -> ClipOutcome {
    if let failure = clips[index].failure { throw Failure(failure) }
    let sound = try SoundReader(path: clips[index].path, settings: settings)
    var samples = 0
    scorer.begin()
    while let block = try sound.next() {
      scorer.accept(block)
      samples += block.count
    }
    return ClipOutcome(
      score: scorer.finish(), audio_s: Double(samples) / Double(outputRate_hz),
      scaleNote: sound.scaleNote, channelNote: sound.channelNote)
  }
}

/// One clip to score.
struct SoundClip: Equatable, Sendable {
  let path: String
  /// Class that it is known to hold, nil where that is not known.
  let label: Int?
  /// Why it cannot be scored, where that is known before its turn.
  let failure: String?

  init(path: String, label: Int?, failure: String? = nil) {
    self.path = path
    self.label = label
    self.failure = failure
  }
}
