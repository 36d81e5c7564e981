/// Where in bytes that may be anything another sound file begins: by so much of its head that samples, damage or text never look like it.
///
/// Twins: python/silif/_sound_parts.py
enum SoundBeginning {
  /// So many bytes tell, but for MP3.
  static let head_bytes = 16

  /// - Parameter bytes: `head_bytes` or more, unless there are no more.
  static func isHere(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= head_bytes, isMark(bytes, 0) else { return false }
    return heads.contains { head in zip(head, bytes).allSatisfy { $0 == nil || $0 == $1 } }
  }

  /// From the second byte on, where one may begin; behind where none can, so that no mark across the end is missed.
  static func next(in bytes: UnsafeRawBufferPointer) -> Int {
    var at = 1
    while at + 4 <= bytes.count {
      if isMark(bytes, at) { return at }
      at += 1
    }
    return max(1, bytes.count - 3)
  }

  private static func isMark(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Bool {
    switch UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)) {
    // RIFF, RIFX, RF64, FORM, riff, caff, fLaC, OggS, .snd, dns.
    case 0x5249_4646, 0x5249_4658, 0x5246_3634, 0x464F_524D, 0x7269_6666, 0x6361_6666, 0x664C_6143, 0x4F67_6753,
      0x2E73_6E64, 0x646E_732E:
      true
    default: false
    }
  }

  private static let heads: [[UInt8?]] = [
    text("RIFF") + any(4) + text("WAVE"), text("RIFX") + any(4) + text("WAVE"), text("RF64") + any(4) + text("WAVE"),
    text("FORM") + any(4) + text("AIFF"), text("FORM") + any(4) + text("AIFC"),
    text("riff") + [0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00],
    text("caff") + [0, 1, 0, 0] + text("desc"), text("fLaC") + [0, 0, 0, 34], text("fLaC") + [0x80, 0, 0, 34],
    text("OggS") + [0, 2, 0, 0, 0, 0, 0, 0, 0, 0],
    text(".snd") + [0, 0] + any(6) + [0, 0, 0], text("dns.") + any(2) + [0, 0] + any(5) + [0, 0, 0],
  ]

  private static func text(_ text: String) -> [UInt8?] { text.utf8.map { $0 } }
  private static func any(_ count: Int) -> [UInt8?] { [UInt8?](repeating: nil, count: count) }
}
