import KeywordSpotter
import SpotterHost

/// A spotter and the memory that it runs in.
package final class SpotterSetUp {
  package var spotter: KeywordSpotter
  /// Keeps the weights.
  package let file: ModelFile
  private let memory: AlignedMemory

  /// - Throws: Failure for a model that cannot hear.
  package init(file: ModelFile, settings: DetectorSettings) throws(Failure) {
    try file.requireAudio()
    do {
      memory = AlignedMemory(byteCount: try KeywordSpotter.requiredBytes(for: file.model, settings: settings))
      spotter = try KeywordSpotter(model: file.model, settings: settings, memory: memory.bytes)
    } catch {
      throw Failure(spotterMessage(error, path: file.path))
    }
    self.file = file
  }
}
