/// An MP3 without a tag begins with a frame, and another follows where its header says so. Raw samples may begin like one frame
/// by chance, like two they do not.
///
/// Twins: python/silif/_sound_parts.py
enum MPEGFrame {
  static func verdict(_ bytes: [UInt8]) -> SoundMagic.Verdict {
    guard let first = bytes.first else { return .needs(1) }
    guard first == 0xFF else { return .unknown }
    guard bytes.count >= 4 else { return .needs(4) }
    guard let length = length(bytes[..<4]) else { return .unknown }
    guard bytes.count >= length + 4 else { return .needs(length + 4) }
    return MPEGFrame.length(bytes[length..<length + 4]) == nil ? .unknown : .known(.mp3)
  }

  /// Bytes of a frame of layer III with this header; nil where it is none.
  static func length(_ header: some Sequence<UInt8>) -> Int? {
    let bits = header.reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    let (version, layer) = (bits >> 19 & 3, bits >> 17 & 3)
    guard bits >> 21 == 0x7FF, version != 1, layer == 1 else { return nil }
    let rates_kbps = version == 3 ? rates1_kbps : rates2_kbps
    let (rate, sampling) = (Int(bits >> 12 & 15), Int(bits >> 10 & 3))
    guard (1...14).contains(rate), sampling < 3 else { return nil }
    let samples_hz = [44_100, 48_000, 32_000][sampling] >> (version == 3 ? 0 : version == 2 ? 1 : 2)
    return (version == 3 ? 144 : 72) * rates_kbps[rate] * 1000 / samples_hz + Int(bits >> 9 & 1)
  }

  /// The same of layers I and II.
  static func otherLayerLength(_ header: some Sequence<UInt8>) -> Int? {
    let bits = header.reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    let (version, layer) = (bits >> 19 & 3, bits >> 17 & 3)
    guard bits >> 21 == 0x7FF, version != 1, layer >= 2 else { return nil }
    let (rate, sampling) = (Int(bits >> 12 & 15), Int(bits >> 10 & 3))
    guard (1...14).contains(rate), sampling < 3 else { return nil }
    let samples_hz = [44_100, 48_000, 32_000][sampling] >> (version == 3 ? 0 : version == 2 ? 1 : 2)
    let padding = Int(bits >> 9 & 1)
    if layer == 2 {
      return 144 * (version == 3 ? layerIIRates_kbps : rates2_kbps)[rate] * 1000 / samples_hz + padding
    }
    return 4 * (12 * (version == 3 ? 32 * rate : layerIRates2_kbps[rate]) * 1000 / samples_hz + padding)
  }

  /// What a first frame without sound, as encoders put it before the others, says about how many follow; nil: it is none. `.max`
  /// where it does not say.
  ///
  /// - Parameter frame: its first 48 bytes.
  static func declaredFrames(_ frame: UnsafeRawBufferPointer) -> Int? {
    guard frame.count == 48 else { return nil }
    if frame[36...].starts(with: "VBRI".utf8) { return .max }
    let isVersion1 = frame[1] >> 3 & 3 == 3
    let isMono = frame[3] >> 6 == 3
    let at = 4 + (isVersion1 ? (isMono ? 17 : 32) : (isMono ? 9 : 17))
    guard frame[at...].starts(with: "Xing".utf8) || frame[at...].starts(with: "Info".utf8) else { return nil }
    return frame[at + 7] & 1 == 0 ? .max : frame[(at + 8)..<(at + 12)].reduce(0) { $0 << 8 | Int($1) }
  }

  private static let rates1_kbps = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
  private static let layerIIRates_kbps = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384]
  private static let layerIRates2_kbps = [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256]
  private static let rates2_kbps = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
}
