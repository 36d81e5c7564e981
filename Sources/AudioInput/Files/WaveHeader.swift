/// The chunks of a WAV, RF64 or W64 file up to its samples.
struct WaveHeader: SamplesHeader {
  private let layout: ChunkLayout
  private var format: [UInt8] = []
  private(set) var samplesStart: Int64 = 0
  private(set) var samplesLength: Int64?
  private(set) var declaredLength: Int64 = 0

  var chunks: ChunkLayout? { layout }

  init?(_ bytes: ByteSource, skip: (Int64) -> Void) {
    guard let layout = Self.layout(bytes) else { return nil }
    self.layout = layout
    var long: Int64?
    while let chunk = layout.next(in: bytes) {
      switch chunk.name {
      case "fmt " where (0...1 << 12).contains(chunk.size):
        format = bytes.read(Int(layout.padded(chunk.size)))
        format.removeLast(max(0, format.count - Int(chunk.size)))
      case "ds64" where (28...1 << 12).contains(chunk.size):
        let content = bytes.read(Int(layout.padded(chunk.size)))
        guard content.count >= chunk.size else { return nil }
        long = Int64(exactly: littleEndian(content[8..<16])).flatMap { ChunkLayout.sizes.contains($0) ? $0 : nil }
      case "data":
        samplesStart = bytes.position
        let isInLong = layout.sizeBytes == 4 && chunk.size == 0xFFFF_FFFF
        samplesLength = isInLong ? long : layout.known(chunk.size)
        declaredLength = samplesLength ?? chunk.size
        return
      default:
        guard ChunkLayout.sizes.contains(chunk.size) else { return nil }
        skip(layout.padded(chunk.size))
      }
    }
    return nil
  }

  /// Behind what the file begins with; nil: it is none of the three.
  private static func layout(_ bytes: ByteSource) -> ChunkLayout? {
    let start = bytes.read(12)
    guard start.count == 12 else { return nil }
    if ["RIFF", "RF64"].contains(start[..<4].text) && start[8...].text == "WAVE" { return .riff }
    // Sony's: the name and the size of the whole, and the name of what is in it, of 16, 8 and 16 bytes.
    guard start[..<4].text == "riff", case let rest = bytes.read(28), rest.count == 28, rest[12..<16].text == "wave"
    else { return nil }
    return .w64
  }

  /// What the format says, where there is one.
  var known: (codec: Int64, channels: Int64, rate_hz: Int64)? {
    guard format.count >= 16 else { return nil }
    return (
      Int64(littleEndian(format[0..<2])), Int64(littleEndian(format[2..<4])), Int64(littleEndian(format[4..<8]))
    )
  }

  private var frameBytes: UInt64 { format.count >= 16 ? littleEndian(format[12..<14]) : 0 }

  /// As RF64.
  func rewritten() -> [UInt8]? {
    func little(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
    guard format.count >= 16 else { return nil }
    // PCM, float, A-law, µ-law, and an extensible header of one of them.
    guard [1, 3, 6, 7, 0xFFFE].contains(littleEndian(format[0..<2])) else { return nil }
    let frames = endless_bytes / max(1, frameBytes)
    let bytes = frames * max(1, frameBytes)
    let long = little(bytes + 80, 8) + little(bytes, 8) + little(frames, 8) + little(0, 4)
    let size = format.count + format.count % 2
    return Array("RF64".utf8) + little(0xFFFF_FFFF, 4) + Array("WAVEds64".utf8) + little(28, 4) + long
      + Array("fmt ".utf8) + little(UInt64(size), 4) + format + [UInt8](repeating: 0, count: format.count % 2)
      + Array("data".utf8) + little(0xFFFF_FFFF, 4)
  }
}

extension Sequence<UInt8> {
  fileprivate var text: String { String(decoding: Array(self), as: UTF8.self) }
}
