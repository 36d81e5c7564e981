/// The sound files that a file consists of, one after the other: most are one, but Ogg, FLAC and MP3 may be put together by `cat`.
///
/// Twins: python/silif/_sound.py
struct FileParts {
  private let file: FileBytes
  private var next: Int64 = 0

  init(_ file: FileBytes) { self.file = file }

  /// The next one; nil: there is none left. The first is the whole file where nothing is known of parts.
  mutating func part() -> FileBytes? {
    guard next < file.size || next == 0 else { return nil }
    guard let kind else {
      next = file.size
      return file
    }
    let start = next
    next = end(of: kind, from: start)
    return file.part(start..<next)
  }

  /// A tag does not tell whose it is: what is behind it does.
  private var kind: PartScanner.Kind? {
    guard let kind = file.magic?.partKind, kind == .mp3 else { return file.magic?.partKind }
    let head = file.bytes(at: 0, count: 10)
    let behindTag = head.withUnsafeBytes { id3Length($0) } ?? 0
    return file.bytes(at: Int64(behindTag), count: 4) == Array("fLaC".utf8) ? .flac : .mp3
  }

  private func end(of kind: PartScanner.Kind, from start: Int64) -> Int64 {
    var scanner = PartScanner(kind)
    var at = start
    while true {
      let block = file.bytes(at: at, count: 1 << 16)
      let (taken, isBoundary) = block.withUnsafeBytes { scanner.scan($0, isEnd: block.count < 1 << 16) }
      at += Int64(taken)
      if isBoundary { return at }
      if block.count < 1 << 16 { return file.size }
    }
  }
}
