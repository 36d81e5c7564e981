import AudioInput
import KeywordSpotter
import LogMel
import SiLIF
import SpotterHost

extension ModelFile {
  /// The front end's settings, where this model can hear what `AudioInput` delivers.
  ///
  /// - Throws: Failure, saying why it cannot.
  @discardableResult
  package func requireAudio() throws(Failure) -> LogMelSettings {
    let found: LogMelSettings?
    do { found = try FramePipeline.frontEndSettings(of: model) } catch {
      throw Failure(spotterMessage(error, path: path))
    }
    guard let settings = found else {
      throw Failure(
        "\(path): this model has no front end (it takes precomputed frames, such as event data), so it cannot hear sound; "
          + "use `kws-score --frames`, or a model with a front end")
    }
    guard settings.sampleRate_hz == outputRate_hz else {
      throw Failure(
        "\(path): sample_rate_hz: the front end wants \(settings.sampleRate_hz) Hz and the commands deliver "
          + "\(outputRate_hz) Hz; export a model for \(outputRate_hz) Hz")
    }
    return settings
  }
}

extension Model {
  /// The words that are reported as events.
  package var keywords: [String] {
    let words = self.words
    return (0..<words.count).filter { detector.isKeyword($0) }.map { String(decoding: words[$0], as: UTF8.self) }
  }
}
