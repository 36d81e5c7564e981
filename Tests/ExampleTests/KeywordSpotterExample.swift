// example
import KeywordSpotter
import SpotterHost

/// The words in 16 kHz mono audio, and when they were decided.
func keywords(in audio: [Int16], modelPath: String) throws -> [(word: String, time_s: Double)] {
  let file = try ModelFile(path: modelPath)
  var settings = DetectorSettings(defaultsOf: file.model)
  settings.setThreshold(0.75, forClass: file.model.words.strings.firstIndex(of: "yes")!)
  let bytes = try KeywordSpotter.requiredBytes(for: file.model, settings: settings)
  let memory = AlignedMemory(byteCount: bytes)
  var spotter = try KeywordSpotter(model: file.model, settings: settings, memory: memory.bytes)
  var found: [(word: String, time_s: Double)] = []
  audio.withUnsafeBufferPointer { samples in
    var rest = samples
    while let event = spotter.accept(&rest) {  // until none are left
      found.append((file.model.words.strings[event.word], Double(event.position) / 16_000))
    }
  }
  return found
}
// end
