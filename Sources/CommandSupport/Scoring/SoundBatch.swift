import AudioInput
import KeywordSpotter

/// Sound files as a batch: each is decoded, mixed and resampled while it is scored, so that its length costs no memory.
public struct SoundBatch: ClipBatch {
  private let clips: [SoundClip]

  public init(_ clips: [SoundClip]) { self.clips = clips }

  public var count: Int { clips.count }
  public func label(_ index: Int) -> Int? { clips[index].label }
  public func name(_ index: Int) -> String { clips[index].path }

  public func score(
    _ index: Int, scorer: inout ClipScorer, scratch: ClipScratch
  ) throws(Failure) -> ClipOutcome {
    do {
      let file = try SoundFile(path: clips[index].path)
      var samples = 0
      scorer.begin()
      while case .samples(let count) = try file.read(into: scratch.block) {
        scorer.accept(UnsafeBufferPointer(rebasing: scratch.block[..<count]))
        samples += count
      }
      return ClipOutcome(score: scorer.finish(), audio_s: Double(samples) / Double(outputRate_hz))
    } catch {
      throw Failure(error.description)
    }
  }
}
