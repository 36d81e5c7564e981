/// Where a file must end, going by its own structure: libsndfile reads a WAV, W64 or Ogg file that was cut off as a shorter one.
enum FileEnd {
  /// Whether a regular file of this size was cut off. Formats that are not looked into give false.
  static func isMissing(_ file: FileBytes) -> Bool {
    let head = file.bytes(at: 0, count: 4)
    return switch String(decoding: head, as: UTF8.self) {
    case "RIFF": isCut(file, .riff, firstChunk: 12)
    // With the numbers of AIFF.
    case "RIFX": isCut(file, .aiff, firstChunk: 12)
    case "riff": isCut(file, .w64, firstChunk: 40)
    case "OggS": !hasLastOggPage(file)
    default: false
    }
  }

  private static func isCut(_ file: FileBytes, _ layout: ChunkLayout, firstChunk: Int64) -> Bool {
    let before = file.position
    defer { file.position = before }
    file.position = firstChunk
    while true {
      let at = file.position
      guard let chunk = layout.next(in: file) else {
        // Within a chunk's head: without samples libsndfile says so, but for W64.
        return file.bytes(at: at, count: 4) == Array("data".utf8)
      }
      if chunk.name == "data" { return (layout.known(chunk.size) ?? 0) > file.size - file.position }
      guard (0..<file.size).contains(chunk.size) else { return false }
      file.position += layout.padded(chunk.size)
    }
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
}
