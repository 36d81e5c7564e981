import KeywordSpotter
import SpotterHost
import TestSupport

/// The small random networks in `Tests/Fixtures`.
enum SpotterFixture {
  /// Mapped for ever: models point into the map.
  private static let files = Result {
    (try ModelFile(path: Fixture.audio), try ModelFile(path: Fixture.counts))
  }

  static func audio() throws -> ModelFile { try files.get().0 }
  static func counts() throws -> ModelFile { try files.get().1 }
}

/// A spotter with its memory.
struct TestSpotter {
  var spotter: KeywordSpotter
  private let memory: AlignedMemory

  init(_ file: ModelFile) throws {
    let settings = DetectorSettings(defaultsOf: file.model)
    memory = AlignedMemory(byteCount: try KeywordSpotter.requiredBytes(for: file.model, settings: settings))
    spotter = try KeywordSpotter(model: file.model, settings: settings, memory: memory.bytes)
  }

  /// All detections, the samples going in so many at a time.
  mutating func detections(_ samples: [Int16], block: Int) -> [KeywordEvent] {
    var found: [KeywordEvent] = []
    samples.withUnsafeBufferPointer { samples in
      for start in stride(from: 0, to: samples.count, by: block) {
        var rest = UnsafeBufferPointer(rebasing: samples[start..<min(start + block, samples.count)])
        while let event = spotter.accept(&rest) { found.append(event) }
      }
    }
    return found
  }
}
