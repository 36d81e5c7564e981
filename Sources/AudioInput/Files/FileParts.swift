/// The sound files that a file consists of, one after the other: most are one, but `cat` may have put several together, of any kind.
///
/// Twins: python/silif/_sound.py
struct FileParts {
  private let file: FileBytes
  private var next: Int64 = 0
  /// Bytes behind the last part that are no sound and no chunk or tag; known once that part was given.
  private(set) var unread: Int64 = 0

  init(_ file: FileBytes) { self.file = file }

  /// The next one; nil: there is none left. The first is the whole file where nothing is known of parts.
  mutating func part() -> FileBytes? {
    guard next < file.size || next == 0 else { return nil }
    let start = next
    let rest = start == 0 ? file : file.part(start..<file.size)
    var end: Int64
    if let kind = rest.magic?.partKind {
      end = self.end(of: kind, from: start)
      next = end
    } else {
      let found = endOfContainer(rest)
      (end, next) = (start + found.end, start + found.next)
    }
    let part = end == file.size ? rest : file.part(start..<end)
    part.position = 0
    return part
  }

  /// Where a file ends, by its header, and where the next begins.
  private mutating func endOfContainer(_ rest: FileBytes) -> (end: Int64, next: Int64) {
    rest.position = 0
    guard let header = readSamplesHeader(rest, skip: { rest.position += $0 }), !header.goesToTheEnd(of: rest),
      header.declaredLength < rest.size - header.samplesStart
    else { return (rest.size, rest.size) }
    let samplesEnd = header.samplesStart + header.declaredLength
    rest.position = samplesEnd
    let found = SoundRest.find(in: rest, layout: header.chunks, length: header.declaredLength)
    if case .unread(let count) = found { unread = count }
    let next = found == .sound ? rest.position : rest.size
    // Of W64 libsndfile plays all that is behind the samples.
    return (header.chunks?.isW64 == true ? samplesEnd : next - unread, next)
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
