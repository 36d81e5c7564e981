import AudioInput
import CommandSupport
import KeywordSpotter
import SpotterHost

/// Runs a spotter over a whole sound file.
enum StreamRun {
  /// - Parameter onProgress: called with the seconds heard so far, each 10 seconds or so.
  static func events(
    path: String, setUp: SpotterSetUp, stop: StopRequest, onProgress: (Double) -> Void = { _ in }
  ) throws(Failure) -> (events: [StreamEvent], audio_s: Double) {
    let words = setUp.file.model.words.strings
    let block = UnsafeMutableBufferPointer<Int16>.allocate(capacity: 4096)
    defer { block.deallocate() }
    var events: [StreamEvent] = []
    var blocks = 0
    func seconds(_ sample: Int64) -> Double { Double(sample) / Double(outputRate_hz) }
    do {
      let file = try SoundFile(path: path)
      while case .samples(let count) = try file.read(into: block), !stop.isRequested {
        var rest = UnsafeBufferPointer(rebasing: block[..<count])
        while !rest.isEmpty {
          let progress = setUp.spotter.accept(rest)
          rest = UnsafeBufferPointer(rebasing: rest[progress.consumed_samples...])
          guard let found = progress.detection else { continue }
          events.append(
            StreamEvent(
              time_s: seconds(found.sample), word: words[found.word], score: Double(found.score_q15) / 32768))
        }
        blocks += 1
        if blocks % 40 == 0 { onProgress(seconds(setUp.spotter.sampleCount)) }
      }
    } catch {
      throw Failure(error.description)
    }
    return (events, seconds(setUp.spotter.sampleCount))
  }
}
