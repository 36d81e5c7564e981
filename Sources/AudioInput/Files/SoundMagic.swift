/// What a file or a stream is, going by its first bytes.
enum SoundMagic: Equatable {
  /// WAV: libsndfile decodes it as it comes; its header says how long it is.
  case wave
  /// FLAC and Ogg: the same, and they find their own end.
  case selfContained
  /// AIFF, AU, CAF and W64: libsndfile decodes them, but must go back and forth; their headers say how long they are.
  case needsSeeking
  /// MP3: the same, and it finds its own end.
  case mp3
  /// Sound that libsndfile does not read, by the name that people know it by.
  case foreign(String)

  /// Whether the header declares the length of the samples.
  var declaresLength: Bool { self == .wave || self == .needsSeeking }

  enum Verdict: Equatable {
    case known(SoundMagic)
    /// Nothing that is known: raw samples, as far as the first bytes go.
    case unknown
    /// With so many bytes, more than there were, it could be said.
    case needs(Int)
  }

  /// - Parameter bytes: the first ones, from none to all.
  static func verdict(_ bytes: [UInt8]) -> Verdict {
    var needed = 0
    for (pattern, magic) in patterns {
      let matches = zip(pattern, bytes).allSatisfy { $0 == nil || $0 == $1 }
      if matches && bytes.count >= pattern.count { return .known(magic) }
      if matches { needed = max(needed, pattern.count) }
    }
    if needed > 0 { return .needs(needed) }
    return MPEGFrame.verdict(bytes)
  }

  /// The same where there will be no more bytes.
  init?(_ bytes: [UInt8]) {
    guard case .known(let magic) = SoundMagic.verdict(bytes) else { return nil }
    self = magic
  }

  /// nil stands for any byte.
  private static let patterns: [(bytes: [UInt8?], magic: SoundMagic)] = [
    (text("RIFF"), .wave), (text("RIFX"), .wave), (text("RF64"), .wave),
    (text("fLaC"), .selfContained), (text("OggS"), .selfContained),
    (text("FORM"), .needsSeeking), (text(".snd"), .needsSeeking), (text("dns."), .needsSeeking),
    (text("caff"), .needsSeeking), (text("riff"), .needsSeeking), (text("ID3"), .mp3),
    // The first box is small, so that raw samples need not wait for more than the first byte.
    ([0, nil, nil, nil] + text("ftyp"), .foreign("MP4 (M4A, AAC)")),
    ([0, nil, nil, nil] + text("moov"), .foreign("QuickTime")),
    ([0x1A, 0x45, 0xDF, 0xA3], .foreign("Matroska or WebM")), (text("#!AMR"), .foreign("AMR")),
    ([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], .foreign("WMA")), (text(".SoX"), .foreign("SoX's own format")),
    (text("SoX."), .foreign("SoX's own format")),
  ]

  private static func text(_ text: String) -> [UInt8?] { text.utf8.map { $0 } }
}

/// An MP3 without a tag begins with a frame, and another follows where its header says so. Raw samples may begin like one frame
/// by chance, like two they do not.
private enum MPEGFrame {
  static func verdict(_ bytes: [UInt8]) -> SoundMagic.Verdict {
    guard let first = bytes.first else { return .needs(1) }
    guard first == 0xFF else { return .unknown }
    guard bytes.count >= 4 else { return .needs(4) }
    guard let length = length(bytes[..<4]) else { return .unknown }
    guard bytes.count >= length + 4 else { return .needs(length + 4) }
    return MPEGFrame.length(bytes[length..<length + 4]) == nil ? .unknown : .known(.mp3)
  }

  /// Bytes of a frame of layer III with this header; nil where it is none.
  private static func length(_ header: ArraySlice<UInt8>) -> Int? {
    let bits = header.reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    let (version, layer) = (bits >> 19 & 3, bits >> 17 & 3)
    guard bits >> 21 == 0x7FF, version != 1, layer == 1 else { return nil }
    let rates_kbps = version == 3 ? rates1_kbps : rates2_kbps
    let (rate, sampling) = (Int(bits >> 12 & 15), Int(bits >> 10 & 3))
    guard (1...14).contains(rate), sampling < 3 else { return nil }
    let samples_hz = [44_100, 48_000, 32_000][sampling] >> (version == 3 ? 0 : version == 2 ? 1 : 2)
    return (version == 3 ? 144 : 72) * rates_kbps[rate] * 1000 / samples_hz + Int(bits >> 9 & 1)
  }

  private static let rates1_kbps = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
  private static let rates2_kbps = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
}
