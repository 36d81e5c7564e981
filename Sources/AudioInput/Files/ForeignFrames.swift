/// Formats that begin with too little to tell them from raw samples: they are known by what follows where their first frame says that
/// it ends. Noise looks like one of them less than once in a million times, also noise of a few steps; a constant never does.
///
/// Twins: python/silif/_foreign.py
enum ForeignFrames {
  /// - Parameter bytes: the first ones, from none to all.
  static func verdict(_ bytes: [UInt8]) -> SoundMagic.Verdict {
    guard let first = bytes.first else { return .needs(1) }
    return switch first {
    case 0xFF:
      run(of: 2, named: "AAC (ADTS)", bytes, adts).or(run(of: 2, named: "MP2", bytes, layerII))
        // Its mark is -1, of which quiet recordings are full.
        .or(run(of: 5, named: "MP1", bytes, layerI))
    case 0x0B: run(of: 2, named: "AC-3", bytes, ac3)
    case 0x56: run(of: 3, named: "AAC (LATM)", bytes, loas)
    case 0x47: transportStream(bytes)
    default: .unknown
    }
  }

  /// What a frame says of itself, and what of that is the same in all.
  private struct Frame {
    let length: Int
    let constant: UInt64
  }

  private static let head_bytes = 7

  /// So many frames, one after the other.
  private static func run(
    of count: Int, named name: String, _ bytes: [UInt8], _ frame: (ArraySlice<UInt8>) -> Frame?
  ) -> SoundMagic.Verdict {
    var at = 0
    var constant: UInt64?
    for _ in 0..<count {
      guard bytes.count >= at + head_bytes else { return .needs(at + head_bytes) }
      guard let found = frame(bytes[at..<at + head_bytes]), found.constant == constant ?? found.constant
      else { return .unknown }
      constant = found.constant
      at += found.length
    }
    return .known(.foreign(.sound(name)))
  }

  private static func adts(_ head: ArraySlice<UInt8>) -> Frame? {
    let bits = bigEndian(head)
    let (layer, rate, length) = (bits >> 41 & 3, bits >> 34 & 15, Int(bits >> 13 & 0x1FFF))
    guard bits >> 44 == 0xFFF, layer == 0, rate < 13, length > head_bytes else { return nil }
    return Frame(length: length, constant: bits >> 28)
  }

  private static func layerI(_ head: ArraySlice<UInt8>) -> Frame? { mpeg(head, layerBits: 3) }
  private static func layerII(_ head: ArraySlice<UInt8>) -> Frame? { mpeg(head, layerBits: 2) }

  private static func mpeg(_ head: ArraySlice<UInt8>, layerBits: UInt64) -> Frame? {
    let bits = bigEndian(head.prefix(4))
    guard bits >> 17 & 3 == layerBits, let length = MPEGFrame.otherLayerLength(head.prefix(4)) else { return nil }
    // Version, layer and rate.
    return Frame(length: length, constant: bits & 0xFFFE_0C00)
  }

  private static func ac3(_ head: ArraySlice<UInt8>) -> Frame? {
    let bits = bigEndian(head)
    guard bits >> 40 == 0x0B77 else { return nil }
    let version = bits >> 11 & 31
    let (rate, size) = (Int(bits >> 22 & 3), Int(bits >> 16 & 63))
    if version == 16 { return Frame(length: 2 * (Int(bits >> 24 & 0x7FF) + 1), constant: version) }
    guard version <= 10, rate < 3, size < 38 else { return nil }
    let words = ac3Rates_kbps[size / 2] * 96_000 / [48_000, 44_100, 32_000][rate]
    return Frame(length: 2 * (words + (rate == 1 ? size % 2 : 0)), constant: version << 2 | UInt64(rate))
  }

  private static func loas(_ head: ArraySlice<UInt8>) -> Frame? {
    let bits = bigEndian(head.prefix(3))
    let length = Int(bits & 0x1FFF)
    guard bits >> 13 == 0x2B7, length > 4 else { return nil }
    return Frame(length: length + 3, constant: 0)
  }

  /// Three packets of 188 bytes, no two with the same head: those of one kind are counted.
  private static func transportStream(_ bytes: [UInt8]) -> SoundMagic.Verdict {
    var heads: Set<[UInt8]> = []
    for at in stride(from: 0, to: 3 * 188, by: 188) {
      guard bytes.count >= at + 4 else { return .needs(at + 4) }
      let head = Array(bytes[at..<at + 4])
      guard head[0] == 0x47, head[1] & 0x80 == 0, head[3] & 0x30 != 0, heads.insert(head).inserted else {
        return .unknown
      }
    }
    return .known(.foreign(.sound("an MPEG transport stream")))
  }

  static let tar_bytes = 262
  static let tar = ForeignFormat.packed("tar", "tar xf")

  /// A name of 100 bytes, filled up with zeros, the rights in octal, and at 257 the mark. Whoever waited for that many bytes would hold
  /// up raw samples, which may begin like any name.
  static func isTar(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= tar_bytes else { return false }
    let letters = bytes.prefix { $0 >= 0x20 }.count
    return letters > 0 && bytes[..<100].dropFirst(letters).allSatisfy { $0 == 0 }
      && bytes[100..<107].allSatisfy { (0x30...0x37).contains($0) }
      && bytes[257..<tar_bytes].elementsEqual("ustar".utf8)
  }

  private static let ac3Rates_kbps = [
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
  ]
}

extension SoundMagic.Verdict {
  /// Of two ways to read the same bytes: what one of them knows, or else as many bytes as the first of them needs.
  func or(_ other: SoundMagic.Verdict) -> SoundMagic.Verdict {
    switch (self, other) {
    case (.known, _), (_, .unknown): self
    case (_, .known), (.unknown, _): other
    case (.needs(let count), .needs(let otherCount)): .needs(min(count, otherCount))
    }
  }
}
