/// What a file or a stream is that is no sound that can be read, and what its owner can do.
///
/// Twins: python/silif/_foreign.py
struct ForeignFormat: Equatable {
  /// Whether it is sound, for another program.
  let isSound: Bool
  /// What it is and the remedy, behind its name.
  let message: String

  /// Sound in a format that libsndfile does not read.
  static func sound(_ name: String) -> ForeignFormat {
    ForeignFormat(
      isSound: true,
      message: "is \(name), which cannot be read here; convert it: ffmpeg -i INPUT -ac 1 -ar 16000 OUTPUT.wav"
    )
  }

  static func packed(_ name: String, _ command: String) -> ForeignFormat {
    ForeignFormat(isSound: false, message: "is packed (\(name)); unpack it: \(command) INPUT")
  }

  static func other(_ name: String, _ remedy: String = "give a sound file") -> ForeignFormat {
    ForeignFormat(isSound: false, message: "is \(name), no sound; \(remedy)")
  }
}

extension ForeignFormat {
  /// First bytes; nil stands for any byte.
  static let patterns: [(bytes: [UInt8?], format: ForeignFormat)] = [
    // The first box is small, so that raw samples need not wait for more than the first byte.
    ([0, nil, nil, nil] + text("ftyp"), .sound("MP4 (M4A, AAC)")),
    ([0, nil, nil, nil] + text("moov"), .sound("QuickTime")),
    ([0x1A, 0x45, 0xDF, 0xA3], .sound("Matroska or WebM")), (text("#!AMR"), .sound("AMR")),
    ([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], .sound("WMA")), (text(".SoX"), .sound("SoX's own format")),
    (text("SoX."), .sound("SoX's own format")),
    (text("wvpk"), .sound("WavPack")), (text("TTA1"), .sound("TTA")), (text("TTA2"), .sound("TTA")),
    (text("MAC "), .sound("Monkey's Audio")), (text("MPCK"), .sound("Musepack")),
    (text("MP+") + [7], .sound("Musepack")),
    ([0x7F, 0xFE, 0x80, 0x01], .sound("DTS")), ([0xFE, 0x7F, 0x01, 0x80], .sound("DTS")),
    ([0x1F, 0xFF, 0xE8, 0x00], .sound("DTS")), ([0xFF, 0x1F, 0x00, 0xE8], .sound("DTS")),
    (text("DTSHDHDR"), .sound("DTS")),
    (text("FLV") + [1], .sound("FLV")), ([0, 0, 1, 0xBA], .sound("MPEG (program stream)")),
    (text(".RMF"), .sound("RealAudio")), (text(".ra") + [0xFD], .sound("RealAudio")), (text("DSD "), .sound("DSD")),
    (text("FRM8"), .sound("DSD")), (text("qoaf"), .sound("QOA")),
    ([0x1F, 0x8B, 0x08], .packed("gzip", "gunzip")), ([0xFD] + text("7zXZ") + [0], .packed("xz", "unxz")),
    (text("BZh") + [nil] + [0x31, 0x41, 0x59, 0x26], .packed("bzip2", "bunzip2")),
    ([0x28, 0xB5, 0x2F, 0xFD], .packed("Zstandard", "unzstd")),
    (text("7z") + [0xBC, 0xAF, 0x27, 0x1C], .packed("7-Zip", "7z x")),
    (text("Rar!") + [0x1A, 0x07], .packed("RAR", "unrar x")), (text("PK") + [3, 4], .packed("zip", "unzip")),
    (text("PK") + [5, 6], .packed("zip", "unzip")),
    ([0x93] + text("NUMPY"), .other("a NumPy array", "write it as sound: soundfile.write('OUTPUT.wav', array, 16000)")),
    ([0x89] + text("SiLIF"), .other("a model", "give it with --model")),
    ([0x89] + text("PNG"), .other("a PNG picture")),
    ([0xFF, 0xD8, 0xFF, 0xE0], .other("a JPEG picture")), ([0xFF, 0xD8, 0xFF, 0xE1], .other("a JPEG picture")),
    (text("GIF8"), .other("a GIF picture")), (text("%PDF"), .other("a PDF document")),
    ([0x7F] + text("ELF"), .other("a program")),
    (text("SQLite format 3") + [0], .other("a database")),
  ]

  private static func text(_ text: String) -> [UInt8?] { text.utf8.map { $0 } }
}
