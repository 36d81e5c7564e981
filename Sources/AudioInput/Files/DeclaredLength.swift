import CSndFile

/// What a header says about the length of its sound, as far as it can be relied on.
struct DeclaredLength {
  /// nil: unknown.
  let frames: Int64?
  /// Bytes that so many frames take; nil where that depends on the content.
  let bytes: Int64?

  init(_ info: SF_INFO) {
    let container = Int(info.format) & Int(SF_FORMAT_TYPEMASK)
    let frameBytes = Self.frameBytes(info)
    var known = info.frames < 1 << 48
    switch container {
    case Int(SF_FORMAT_OGG), Self.mpeg:
      // No declaration: libsndfile counted, or estimated.
      known = false
    case Int(SF_FORMAT_W64), Int(SF_FORMAT_RF64), Int(SF_FORMAT_FLAC), Int(SF_FORMAT_CAF):
      break
    default:
      known = known && Self.isKnown(info.frames * (frameBytes ?? 1))
    }
    frames = known ? info.frames : nil
    bytes = known ? frameBytes.map { $0 * info.frames } : nil
  }

  /// Whether a length of 32 bits says how much there is. Writers to pipes can't go back to the header: arecord puts 2^31, sox
  /// 2^31 - 2^12, ffmpeg 2^32 - 1 bytes there, or a little less, and that means "until it ends".
  static func isKnown(_ bytes: Int64) -> Bool {
    bytes >= 0 && bytes < 0xffff_0000 && !(0x7fff_0000...0x8000_0000).contains(bytes)
  }

  /// Bytes of one sample of each channel; nil where that depends on the content.
  static func frameBytes(_ info: SF_INFO) -> Int64? { sampleBytes(info.format).map { $0 * Int64(info.channels) } }

  /// SF_FORMAT_MPEG, which headers before libsndfile 1.1 lack.
  private static let mpeg = 0x23_0000

  private static func sampleBytes(_ format: Int32) -> Int64? {
    guard Int(format) & Int(SF_FORMAT_TYPEMASK) != Int(SF_FORMAT_FLAC) else { return nil }  // compressed
    return switch Int(format) & Int(SF_FORMAT_SUBMASK) {
    case Int(SF_FORMAT_PCM_S8), Int(SF_FORMAT_PCM_U8), Int(SF_FORMAT_ULAW), Int(SF_FORMAT_ALAW): 1
    case Int(SF_FORMAT_PCM_16): 2
    case Int(SF_FORMAT_PCM_24): 3
    case Int(SF_FORMAT_PCM_32), Int(SF_FORMAT_FLOAT): 4
    case Int(SF_FORMAT_DOUBLE): 8
    default: nil
    }
  }
}
