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
    guard let kind = file.magic?.partKind else {
      next = file.size
      return file
    }
    let start = next
    next = end(of: kind, from: start)
    return file.part(start..<next)
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
