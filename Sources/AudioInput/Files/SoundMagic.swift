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
  /// AU with G.721 or G.723 inside, W64 with IMA ADPCM, VOC, NIST's SPHERE, IRCAM: the same, but libsndfile goes by the length of the file there, and where it is
  /// told none goes on for ever or finds nothing.
  case adpcm
  /// MP3, or the tag in front of it, which may be in front of FLAC too. Decoded as it comes; it finds its own end.
  case mp3
  /// What libsndfile does not read.
  case foreign(ForeignFormat)

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

  /// So many bytes tell, but for two very long frames.
  static let head_bytes = 4096

  enum Verdict: Equatable {
    case known(SoundMagic)
    /// Nothing that is known: raw samples, as far as the first bytes go.
    case unknown
    /// With so many bytes, more than there were, it could be said.
    case needs(Int)
  }

  /// - Parameter bytes: the first ones, from none to all.
  static func verdict(_ bytes: [UInt8]) -> Verdict {
    var verdict = Verdict.unknown
    for (pattern, magic) in patterns {
      if case .known(let magic) = verdict { return .known(magic) }
      let matches = zip(pattern, bytes).allSatisfy { $0 == nil || $0 == $1 }
      if matches { verdict = verdict.or(bytes.count >= pattern.count ? .known(magic) : .needs(pattern.count)) }
    }
    return verdict.or(MPEGFrame.verdict(bytes)).or(ForeignFrames.verdict(bytes))
  }

  /// The same where there will be no more bytes.
  init?(_ bytes: [UInt8]) {
    switch SoundMagic.verdict(bytes) {
    case .known(let magic): self = magic
    case .unknown, .needs:
      guard ForeignFrames.isTar(bytes) else { return nil }
      self = .foreign(ForeignFrames.tar)
    }
  }

  /// nil stands for any byte.
  private static let patterns: [(bytes: [UInt8?], magic: SoundMagic)] =
    [
      (text("RIFF"), .wave), (text("RIFX"), .wave), (text("RF64"), .wave),
      (text("fLaC"), .flac), (text("OggS"), .ogg),
      (text(".snd") + [nil, nil, nil, nil, nil, nil, nil, nil, 0, 0, 0, 23], .adpcm),
      (text(".snd") + [nil, nil, nil, nil, nil, nil, nil, nil, 0, 0, 0, 25], .adpcm),
      (text(".snd") + [nil, nil, nil, nil, nil, nil, nil, nil, 0, 0, 0, 26], .adpcm),
      (text("riff") + [UInt8?](repeating: nil, count: 60) + [0x11, 0], .adpcm),
      (text("Creative Voice File") + [0x1A], .adpcm), (text("NIST_1A\n"), .adpcm), ([0x64, 0xA3, 1, 0], .adpcm),
      ([0x64, 0xA3, 2, 0], .adpcm), ([0x64, 0xA3, 3, 0], .adpcm), ([0x64, 0xA3, 4, 0], .adpcm),
      (text("FORM"), .otherContainer), (text(".snd"), .otherContainer), (text("dns."), .otherContainer),
      (text("caff"), .otherContainer), (text("riff"), .otherContainer), (text("ID3"), .mp3),
    ] + ForeignFormat.patterns.map { ($0.bytes, .foreign($0.format)) }

  private static func text(_ text: String) -> [UInt8?] { text.utf8.map { $0 } }
}
