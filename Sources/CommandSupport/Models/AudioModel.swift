import AudioInput
import KeywordSpotter
import LogMel

extension ModelFile {
  /// The front end's settings, where this model can hear what `AudioInput` delivers.
  ///
  /// - Throws: Failure, saying why it cannot.
  @discardableResult
  public func requireAudio() throws(Failure) -> LogMelSettings {
    let settings: LogMelSettings
    do {
      settings = try FramePipeline.frontEndSettings(of: model)
    } catch {
      throw Failure(spotterMessage(error, path: path))
    }
    guard settings.sampleRate_hz == outputRate_hz else {
      throw Failure(
        "\(path): sample_rate_hz: the front end wants \(settings.sampleRate_hz) Hz and the commands deliver "
          + "\(outputRate_hz) Hz; export a model for \(outputRate_hz) Hz")
    }
    return settings
  }
}
