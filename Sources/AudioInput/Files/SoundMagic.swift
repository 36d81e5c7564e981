/// What a file or a stream is, going by its first bytes.
///
/// Twins: python/silif/_sound.py, python/silif/_sound_parts.py
enum SoundMagic: Equatable {
  /// WAV: libsndfile decodes it as it comes; its header says how long it is.
  case wave
  /// FLAC and Ogg: the same, and they find their own end.
  case flac, ogg
  /// AIFF, AU, CAF and W64: libsndfile must go back and forth in their headers, which say how long they are.
  case otherContainer
  /// AU with G.721 or G.723 inside, W64 with IMA ADPCM: the same, but libsndfile goes by the length of the file there, and where it is
  /// told none goes on for ever or finds nothing.
  case adpcm
  /// MP3, or the tag in front of it, which may be in front of FLAC too. Decoded as it comes; it finds its own end.
  case mp3
  /// Sound that libsndfile does not read, by the name that people know it by.
  case foreign(String)

  /// Whether the header declares the length of the samples.
  var declaresLength: Bool { self == .wave || self == .otherContainer }

  /// What may be put together to one file; nil: others are not.
  var partKind: PartScanner.Kind? {
    switch self {
    case .flac: .flac
    case .ogg: .ogg
    case .mp3: .mp3
    case .wave, .otherContainer, .adpcm, .foreign: nil
    }
  }

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
    (text("fLaC"), .flac), (text("OggS"), .ogg),
    (text(".snd") + [nil, nil, nil, nil, nil, nil, nil, nil, 0, 0, 0, 23], .adpcm),
    (text(".snd") + [nil, nil, nil, nil, nil, nil, nil, nil, 0, 0, 0, 25], .adpcm),
    (text(".snd") + [nil, nil, nil, nil, nil, nil, nil, nil, 0, 0, 0, 26], .adpcm),
    (text("riff") + [UInt8?](repeating: nil, count: 60) + [0x11, 0], .adpcm),
    (text("FORM"), .otherContainer), (text(".snd"), .otherContainer), (text("dns."), .otherContainer),
    (text("caff"), .otherContainer), (text("riff"), .otherContainer), (text("ID3"), .mp3),
    // The first box is small, so that raw samples need not wait for more than the first byte.
    ([0, nil, nil, nil] + text("ftyp"), .foreign("MP4 (M4A, AAC)")),
    ([0, nil, nil, nil] + text("moov"), .foreign("QuickTime")),
    ([0x1A, 0x45, 0xDF, 0xA3], .foreign("Matroska or WebM")), (text("#!AMR"), .foreign("AMR")),
    ([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], .foreign("WMA")), (text(".SoX"), .foreign("SoX's own format")),
    (text("SoX."), .foreign("SoX's own format")),
  ]

  private static func text(_ text: String) -> [UInt8?] { text.utf8.map { $0 } }
}
