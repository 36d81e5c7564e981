import KeywordSpotter
import SpotterHost

/// The small random networks in `Tests/Fixtures`, and sound for them.
enum SpotterFixture {
  /// Mapped for ever: models point into the map.
  private static let files = Result {
    (try ModelFile(path: path("audio.silif")), try ModelFile(path: path("counts.silif")))
  }

  static func audio() throws -> ModelFile { try files.get().0 }
  static func counts() throws -> ModelFile { try files.get().1 }

  static func path(_ name: String) -> String {
    #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Fixtures/\(name)"
  }

  /// Bursts of noise of changing colour.
  static func sound(_ count: Int, seed: UInt64 = 1) -> [Int16] {
    var state = seed
    var low: Int32 = 0
    return (0..<count).map { index in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let noise = Int32(truncatingIfNeeded: Int64(bitPattern: state) >> 50)
      let part = index / 2400
      low += (noise - low) / Int32(1 + part % 5 * 4)
      return part % 3 == 0 ? Int16(noise / 64) : Int16(truncatingIfNeeded: low)
    }
  }
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
