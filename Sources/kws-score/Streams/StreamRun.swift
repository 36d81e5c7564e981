import AudioInput
import CommandSupport
import KeywordSpotter

/// Runs a spotter over a whole sound file.
enum StreamRun {
  /// - Parameter onProgress: called with the seconds heard so far, each 10 seconds or so.
  static func events(
    path: String, sound settings: SoundSettings, setUp: SpotterSetUp, stop: StopRequest,
    onProgress: (Double) -> Void = { _ in }
  ) throws(Failure) -> (events: [KeywordEvent], audio_s: Double) {
    var events: [KeywordEvent] = []
    var blocks = 0
    var heard_s: Double { Double(setUp.spotter.position) / Double(outputRate_hz) }
    let sound = try SoundReader(path: path, settings: settings)
    while !stop.isRequested, var rest = try sound.next() {
      while let event = setUp.spotter.accept(&rest) { events.append(event) }
      blocks += 1
      if blocks % 40 == 0 { onProgress(heard_s) }
    }
    if let note = sound.scaleNote { Diagnostics.say("\(path): its \(note)", command: "kws-score") }
    if let note = sound.channelNote { Diagnostics.say("\(path): \(note)", command: "kws-score") }
    return (events, heard_s)
  }
}
