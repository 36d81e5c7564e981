/// What the first four bytes of a file say.
enum SoundMagic {
  /// WAV, AIFF, AU, CAF and W64 write the length of their samples into the header.
  case declaresLength
  /// FLAC and Ogg find their own end.
  case selfContained
  case unknown

  init(_ firstBytes: [UInt8]) {
    switch String(decoding: firstBytes.prefix(4), as: UTF8.self) {
    case "RIFF", "RIFX", "RF64", "FORM", ".snd", "dns.", "caff", "riff": self = .declaresLength
    case "fLaC", "OggS": self = .selfContained
    default: self = .unknown
    }
  }

  /// Whether these bytes, up to four, begin as something that a stream is decoded for. A raw stream could begin with
  /// anything, so only what people pipe is recognised there.
  static func mayBegin(_ bytes: [UInt8]) -> Bool {
    ["RIFF", "RIFX", "RF64", "fLaC", "OggS"].contains { $0.utf8.prefix(bytes.count).elementsEqual(bytes) }
  }
}
