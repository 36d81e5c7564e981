/// Where a file must end, going by its own structure: libsndfile reads a WAV, W64 or Ogg file that was cut off as a shorter one.
enum FileEnd {
  /// Whether a regular file of this size was cut off. Formats that are not looked into give false.
  static func isMissing(_ file: FileBytes) -> Bool {
    let head = file.bytes(at: 0, count: 4)
    return switch String(decoding: head, as: UTF8.self) {
    case "RIFF": isCutRIFF(file, bigEndian: false)
    case "RIFX": isCutRIFF(file, bigEndian: true)
    case "riff": isCutW64(file)
    case "OggS": !hasLastOggPage(file)
    default: false
    }
  }

  private static func isCutRIFF(_ file: FileBytes, bigEndian: Bool) -> Bool {
    var at: Int64 = 12
    while at + 8 <= file.size {
      let size = file.number(at: at + 4, count: 4, bigEndian: bigEndian)
      if file.bytes(at: at, count: 4) == Array("data".utf8) {
        return size < DeclaredLength.unknown_bytes && at + 8 + size > file.size
      }
      at += 8 + size + size % 2
    }
    return false  // no samples: libsndfile says so
  }

  /// Sony's 64-bit chunks: a 16-byte name that begins with four letters, and a size that includes its own 24 bytes.
  private static func isCutW64(_ file: FileBytes) -> Bool {
    var at: Int64 = 40
    while at + 16 <= file.size {
      let size = file.number(at: at + 16, count: 8, bigEndian: false)
      if file.bytes(at: at, count: 4) == Array("data".utf8) {
        return at + 24 > file.size || size < 1 << 60 && size > file.size - at
      }
      guard size >= 24, size < file.size else { return false }
      at += (size + 7) / 8 * 8
    }
    return false
  }

  /// The last page of an Ogg stream has flag 4; a page is at most 65,307 bytes long.
  private static func hasLastOggPage(_ file: FileBytes) -> Bool {
    let length = min(file.size, 65_307)
    let tail = file.bytes(at: file.size - length, count: Int(length))
    let magic = Array("OggS".utf8)
    for at in stride(from: tail.count - 27, through: 0, by: -1) where tail[at] == magic[0] {
      guard Array(tail[at..<(at + 4)]) == magic else { continue }
      let segments = Int(tail[at + 26])
      guard at + 27 + segments <= tail.count else { return false }
      let body = tail[(at + 27)..<(at + 27 + segments)].reduce(0) { $0 + Int($1) }
      return tail[at + 5] & 4 != 0 && at + 27 + segments + body <= tail.count
    }
    return false
  }
}

extension FileBytes {
  /// Bytes at a place, as many as there are, without moving `position`.
  func bytes(at offset: Int64, count: Int) -> [UInt8] {
    let before = position
    defer { position = before }
    position = offset
    var result = [UInt8](repeating: 0, count: count)
    let got = result.withUnsafeMutableBytes { read(into: $0.baseAddress!, count: count) }
    return Array(result[..<got])
  }

  fileprivate func number(at offset: Int64, count: Int, bigEndian: Bool) -> Int64 {
    let found = bytes(at: offset, count: count)
    let value = (bigEndian ? found : found.reversed()).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return Int64(clamping: value)
  }
}
