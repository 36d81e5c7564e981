import KeywordSpotter

/// A spotter and the memory that it runs in.
public final class SpotterSetUp {
  public var spotter: KeywordSpotter
  /// Keeps the weights mapped.
  public let file: ModelFile
  private let memory: AlignedMemory

  /// - Throws: Failure for a model that cannot hear.
  public init(file: ModelFile, settings: DetectorSettings) throws(Failure) {
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
