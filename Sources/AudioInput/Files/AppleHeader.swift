/// What stands before the samples of an AIFF, AIFF-C, CAF or AU file.
struct AppleHeader: SamplesHeader {
  /// What a CAF file says of samples in its chunk "desc".
  private struct Description {
    var rate_hz: UInt64
    var codec = "lpcm"
    var isFloat = false
    var isLittleEndian = false
    var channels: UInt64
    var sampleBytes: UInt64
  }

  /// The content of the chunk "desc": 32 bytes.
  private let description: [UInt8]
  let samplesStart: Int64
  let samplesLength: Int64?
  let declaredLength: Int64
  let chunks: ChunkLayout?

  /// Sun's: six numbers and a text.
  init?(au bytes: ByteSource, skip: (Int64) -> Void) {
    let head = bytes.read(24)
    guard head.count == 24 else { return nil }
    let isLittleEndian = head[0] == UInt8(ascii: "d")
    func number(_ index: Int) -> UInt64 {
      let field = head[4 * index..<4 * index + 4]
      return isLittleEndian ? littleEndian(field) : bigEndian(field)
    }
    var found = Description(rate_hz: number(4), channels: number(5), sampleBytes: 1)
    found.isLittleEndian = isLittleEndian
    switch number(3) {
    case 1: found.codec = "ulaw"
    case 2...5: found.sampleBytes = number(3) - 1
    case 6...7: (found.isFloat, found.sampleBytes) = (true, number(3) == 6 ? 4 : 8)
    case 27: found.codec = "alaw"
    default: return nil
    }
    guard number(1) >= 24 else { return nil }
    skip(Int64(number(1)) - 24)
    description = Self.chunk(found)
    samplesStart = Int64(number(1))
    declaredLength = Int64(number(2))
    samplesLength = DeclaredLength.isKnown(declaredLength) ? declaredLength : nil
    chunks = nil
  }

  /// AIFF and AIFF-C. nil also where the samples come first.
  init?(aiff bytes: ByteSource, skip: (Int64) -> Void) {
    let start = bytes.read(12)
    guard start.count == 12, start[8..<11].elementsEqual("AIF".utf8) else { return nil }
    let layout = ChunkLayout.aiff
    var found: Description?
    while let chunk = layout.next(in: bytes) {
      switch chunk.name {
      case "COMM" where (18...1 << 12).contains(chunk.size):
        let content = bytes.read(Int(layout.padded(chunk.size)))
        guard content.count >= chunk.size, let described = Self.common(content) else { return nil }
        found = described
      case "SSND":
        let offset = bytes.read(8)
        guard let found, offset.count == 8 else { return nil }
        let before = Int64(bigEndian(offset[..<4]))
        skip(before)
        description = Self.chunk(found)
        samplesStart = bytes.position
        // sox puts 0x7f000000 and a little more there where it cannot go back, ffmpeg 0.
        declaredLength = max(0, chunk.size - 8 - before)
        let isKnown = DeclaredLength.isKnown(chunk.size) && !(0x7F00_0000...0x7FFF_0000).contains(chunk.size)
        samplesLength = isKnown ? declaredLength : nil
        chunks = layout
        return
      default: skip(layout.padded(chunk.size))
      }
    }
    return nil
  }

  /// Apple's. nil also where packets are of varying size.
  init?(caf bytes: ByteSource, skip: (Int64) -> Void) {
    guard bytes.read(8).count == 8 else { return nil }
    let layout = ChunkLayout.caf
    var found: [UInt8] = []
    while let chunk = layout.next(in: bytes) {
      switch chunk.name {
      case "desc" where chunk.size == 32:
        found = bytes.read(32)
        guard found.count == 32, ["lpcm", "alaw", "ulaw"].contains(where: { found[8..<12].elementsEqual($0.utf8) })
        else { return nil }
      case "data":
        guard !found.isEmpty, bytes.read(4).count == 4 else { return nil }
        description = found
        samplesStart = bytes.position
        // -1 is the format's own way to say that it is not known; libsndfile puts 3 or 4 there where it never comes back.
        declaredLength = chunk.size < 0 ? chunk.size : max(0, chunk.size - 4)
        samplesLength = layout.known(chunk.size).map { max(0, $0 - 4) }
        chunks = layout
        return
      default:
        guard ChunkLayout.sizes.contains(chunk.size) else { return nil }
        skip(chunk.size)
      }
    }
    return nil
  }

  /// As CAF.
  func rewritten() -> [UInt8]? {
    var header: [UInt8] = Array("caff".utf8) + [0, 1, 0, 0]
    header += Array("desc".utf8) + big(32, 8) + description
    // Not -1, with which libsndfile looks for chunks behind the end of what it takes for the file.
    header += Array("data".utf8) + big(endless_bytes, 8) + big(0, 4)
    return header
  }

  /// The chunk "COMM": channels, frames, bits, the rate as an 80-bit float, and in AIFF-C the codec.
  private static func common(_ content: [UInt8]) -> Description? {
    let exponent = Int(bigEndian(content[8..<10]))
    let shift = 16_383 + 63 - exponent
    guard (0..<64).contains(shift) else { return nil }
    var found = Description(
      rate_hz: bigEndian(content[10..<18]) >> UInt64(shift), channels: bigEndian(content[0..<2]),
      sampleBytes: (bigEndian(content[6..<8]) + 7) / 8)
    switch String(decoding: content[18...].prefix(4), as: UTF8.self) {
    case "", "NONE", "twos", "in24", "in32": break
    case "sowt", "42ni", "23ni": found.isLittleEndian = true
    case "fl32", "FL32": (found.isFloat, found.sampleBytes) = (true, 4)
    case "fl64", "FL64": (found.isFloat, found.sampleBytes) = (true, 8)
    case "alaw", "ALAW": (found.codec, found.sampleBytes) = ("alaw", 1)
    case "ulaw", "ULAW": (found.codec, found.sampleBytes) = ("ulaw", 1)
    default: return nil
    }
    return (1...8).contains(found.sampleBytes) ? found : nil
  }

  private static func chunk(_ found: Description) -> [UInt8] {
    var flags: UInt64 = 0
    if found.codec == "lpcm" { flags = (found.isFloat ? 1 : 0) | (found.isLittleEndian ? 2 : 0) }
    var content: [UInt8] = big(Double(found.rate_hz).bitPattern, 8)
    content += Array(found.codec.utf8) + big(flags, 4)
    content += big(found.sampleBytes &* found.channels, 4) + big(1, 4)
    content += big(found.channels, 4) + big(found.sampleBytes * 8, 4)
    return content
  }
}

private func big(_ value: UInt64, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64(count - 1 - $0))) }
}
