/// What is wrong with a file that libsndfile refused, where its header tells and libsndfile does not.
enum HeaderProblem: Equatable {
  /// Sound of this kind inside a container that is known.
  case codec(String)
  case rate(Int64)
  case channels(Int64)

  /// - Parameter bytes: from their beginning, as far as they can be looked at again.
  init?(of bytes: ByteSource) {
    bytes.position = 0
    let head = bytes.read(64)
    if head.starts(with: "OggS".utf8) {
      guard let codec = Self.oggCodec(head) else { return nil }
      self = .codec(codec)
      return
    }
    if head.starts(with: "RIFF".utf8),
      let kind = Self.riffKinds[String(decoding: head.dropFirst(8).prefix(4), as: UTF8.self)]
    {
      self = .codec(kind)
      return
    }
    bytes.position = 0
    guard let wave = WaveHeader(bytes, skip: { _ = bytes.seek(to: bytes.position + $0) }), let format = wave.known
    else {
      return nil
    }
    if let codec = Self.waveCodecs[format.codec] {
      self = .codec("WAV with \(codec) inside")
    } else if !SoundDecoder.rates_hz.contains(Int(format.rate_hz)) {
      self = .rate(format.rate_hz)
    } else if !ChannelMixer.channelCounts.contains(Int(format.channels)) {
      self = .channels(format.channels)
    } else if !Self.readable.contains(format.codec) {
      self = .codec("WAV with codec 0x\(String(format.codec, radix: 16, uppercase: true)) inside")
    } else {
      return nil
    }
  }

  /// The first packet follows the first page's 28 bytes.
  private static func oggCodec(_ head: [UInt8]) -> String? {
    let packet = head.dropFirst(28)
    let codecs = [
      ("\u{7F}FLAC", "FLAC inside Ogg"), ("Speex", "Speex"), ("fishead", "Ogg with a skeleton"),
    ]
    if packet.starts(with: [0x80] + Array("theora".utf8)) { return "Ogg video (Theora)" }
    return codecs.first { packet.starts(with: $0.0.utf8) }?.1
  }

  /// What RIFF may be but WAV.
  private static let riffKinds = [
    "AVI ": "AVI (video)", "RMID": "MIDI", "WEBP": "a WebP picture", "sfbk": "a SoundFont",
  ]

  /// What is found inside WAV and not read.
  private static let waveCodecs: [Int64: String] = [
    0x50: "MP2", 0x55: "MP3", 0xFF: "AAC", 0x1600: "AAC", 0x1602: "AAC", 0x1610: "AAC", 0xA106: "AAC", 0x160: "WMA",
    0x161: "WMA",
    0x162: "WMA", 0x163: "WMA", 0x2000: "AC-3", 0x2001: "DTS", 0x22: "TrueSpeech", 0x42: "G.723.1", 0x45: "G.726",
    0x64: "G.726", 0x83: "G.729", 0x566F: "Vorbis", 0x674F: "Vorbis", 0x6771: "Vorbis", 0x704F: "Opus", 0xF1AC: "FLAC",
  ]

  /// PCM, float, A-law, µ-law, extensible, and the codecs that libsndfile has for WAV.
  private static let readable: Set<Int64> = [1, 2, 3, 6, 7, 0x11, 0x31, 0x40, 0xFFFE]
}
