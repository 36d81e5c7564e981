/// What follows the samples of a WAV, AIFF, AU, CAF or W64 file: chunks, tags and filling, which are passed over; another sound file, as
/// `cat` puts it there; or what nobody knows.
///
/// Twins: python/silif/_sound_parts.py
enum SoundRest {
  /// Less holds no sound: a line end, what a writer forgot.
  private static let leastTold_bytes: Int64 = 64

  enum Found: Equatable {
    case nothing
    /// It begins at the position.
    case sound
    /// So many bytes to the end.
    case unread(Int64)
  }

  /// Passes over what is none.
  ///
  /// - Parameter bytes: at the end of the samples.
  static func find(in bytes: some OnwardBytes, layout: ChunkLayout?, length: Int64) -> Found {
    var padding = layout.map { $0.padded(length) - length } ?? 0
    while true {
      let head = bytes.peek(SoundMagic.head_bytes)
      if head.isEmpty { return .nothing }
      if isSound(head) { return .sound }
      if let element = element(head, layout) {
        let passed = bytes.pass(element.count)
        if passed < element.count && !element.mayBeCut { return told(passed) }
      } else if padding > 0 && head.count > padding {
        _ = bytes.pass(padding)
      } else {
        return told(bytes.pass(.max))
      }
      padding = 0
    }
  }

  private static func told(_ count: Int64) -> Found { count < leastTold_bytes ? .nothing : .unread(count) }

  private static func isSound(_ head: [UInt8]) -> Bool {
    if head.withUnsafeBytes({ SoundBeginning.isHere($0) }) { return true }
    return head[0] == 0xFF && MPEGFrame.verdict(head) == .known(.mp3)
  }

  private static func element(_ head: [UInt8], _ layout: ChunkLayout?) -> (count: Int64, mayBeCut: Bool)? {
    if let tag = head.withUnsafeBytes({ tagLength($0) }) { return (Int64(tag), true) }
    // Erased memory, and what recorders fill up with.
    let filling = head.prefix { $0 == head[0] }.count
    if head[0] == 0 || (head[0] == 0xFF && filling >= 16) { return (Int64(filling), true) }
    guard let layout, let chunk = layout.chunk(head), (0..<1 << 31).contains(chunk.size),
      chunk.name.utf8.allSatisfy({ (0x20..<0x7F).contains($0) })
    else { return nil }
    let count = Int64(layout.nameBytes + layout.sizeBytes) + layout.padded(chunk.size)
    return (count, ChunkLayout.namesBehindSamples.contains(chunk.name.lowercased()))
  }
}

/// Bytes that are gone through once.
protocol OnwardBytes {
  /// The next ones, which stay the next ones; fewer only at the end.
  func peek(_ count: Int) -> [UInt8]
  /// Passes over so many. Gives how many there were.
  func pass(_ count: Int64) -> Int64
}

extension FileBytes: OnwardBytes {
  func peek(_ count: Int) -> [UInt8] { bytes(at: position, count: count) }

  func pass(_ count: Int64) -> Int64 {
    let passed = min(count, max(0, size - position))
    position += passed
    return passed
  }
}

/// Bytes of a tag that stands here: ID3, old and new, and APE. At least 32 bytes, or it may not be seen.
func tagLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
  if bytes.starts(with: "TAG".utf8) { return 128 }
  if bytes.count >= 16, bytes.starts(with: "APETAGEX".utf8) {
    return 32 + bytes[12..<16].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
  return id3Length(bytes)
}

/// Whether these are the last bytes of a tag or of filling.
func endsInTag(_ tail: [UInt8]) -> Bool {
  let filling = tail.suffix(8)
  if filling.count == 8 && filling.allSatisfy({ $0 == filling.last && ($0 == 0 || $0 == 0xFF) }) { return true }
  if tail.suffix(128).count == 128 && tail.suffix(128).starts(with: "TAG".utf8) { return true }
  return [32, 160].contains { $0 <= tail.count && tail.suffix($0).starts(with: "APETAGEX".utf8) }
}
