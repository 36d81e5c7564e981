/// Finds where in Ogg, FLAC or MP3 another sound begins: files that were put together by `cat`, which is legal for all three,
/// and Icecast, which does so at each new title. Their decoders end with the first.
///
/// Twins: python/silif/_sound_parts.py
struct PartScanner {
  /// What the stream is. Others cannot be put together so.
  enum Kind {
    case ogg, flac, mp3
  }

  private let kind: Kind
  /// Bytes to the end of what was recognised: a page, a frame, a tag.
  private var left = 0
  /// Whether something stands there that another beginning may follow.
  private var hasBegun = false
  /// MP3: frames so far, and how many its first one declares.
  private var frames = 0
  private var declaredFrames: Int?
  /// Ogg: whether nothing stood behind its last page yet.
  private var isBehindLastPage = false

  init(_ kind: Kind) { self.kind = kind }

  /// Looks at bytes that follow those that were taken.
  ///
  /// - Parameter isEnd: no more will come.
  /// - Returns: how many of them belong to this part, and whether the next part begins behind these. Where it does not, and some
  ///   were not taken, those are wanted again with more behind them.
  mutating func scan(_ bytes: UnsafeRawBufferPointer, isEnd: Bool) -> (taken: Int, isBoundary: Bool) {
    var at = 0
    while at < bytes.count {
      if left > 0 {
        let count = min(left, bytes.count - at)
        at += count
        left -= count
        continue
      }
      let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
      let found =
        switch kind {
        case .ogg: oggPage(rest)
        case .flac: flacBytes(rest)
        case .mp3: mp3Frame(rest)
        }
      switch found {
      case .element(let count):
        hasBegun = true
        left = count
      case .other(let count): left = count
      case .beginning: return (at, true)
      case .unclear: return isEnd ? (bytes.count, false) : (at, false)
      }
    }
    return (at, false)
  }

  private enum Found {
    /// A part of the stream, of so many bytes.
    case element(Int)
    /// Something between, of so many bytes: a tag, or damage.
    case other(Int)
    /// The first byte of another stream.
    case beginning
    /// More bytes are needed to tell.
    case unclear
  }

  /// A stream begins with the first pages of all that it consists of, which have flag 2.
  private mutating func oggPage(_ bytes: UnsafeRawBufferPointer) -> Found {
    guard bytes.count >= 27 else { return .unclear }
    guard bytes.starts(with: "OggS".utf8) else {
      defer { isBehindLastPage = false }
      return isBehindLastPage ? behindLastPage(bytes) : between(bytes)
    }
    let isFirst = bytes[5] & 2 != 0
    if isFirst && hasBegun { return .beginning }
    let segments = Int(bytes[26])
    guard bytes.count >= 27 + segments else { return .unclear }
    let length = bytes[27..<27 + segments].reduce(27 + segments) { $0 + Int($1) }
    isBehindLastPage = bytes[5] & 4 != 0
    return isFirst ? .other(length) : .element(length)
  }

  /// Here MP3 may begin, too, which damage looks like.
  private func behindLastPage(_ bytes: UnsafeRawBufferPointer) -> Found {
    if id3Length(bytes) != nil { return .beginning }
    switch MPEGFrame.verdict(Array(bytes.prefix(SoundMagic.head_bytes))) {
    case .known: return .beginning
    case .needs(let count) where bytes[0] == 0xFF && bytes.count < count: return .unclear
    default: return between(bytes)
    }
  }

  /// What is no part of the stream, up to where another may begin.
  private func between(_ bytes: UnsafeRawBufferPointer) -> Found {
    guard bytes.count >= SoundBeginning.head_bytes else { return .unclear }
    return hasBegun && SoundBeginning.isHere(bytes) ? .beginning : .other(SoundBeginning.next(in: bytes))
  }

  /// Behind the first mark, where tags may stand, all may be sound up to the next.
  private func flacBytes(_ bytes: UnsafeRawBufferPointer) -> Found {
    guard hasBegun else {
      guard bytes.count >= 10 else { return .unclear }
      return id3Length(bytes).map { .other($0) } ?? .element(1)
    }
    return between(bytes)
  }

  /// A stream begins with a tag, or with a frame that has no sound but says how many follow.
  private mutating func mp3Frame(_ bytes: UnsafeRawBufferPointer) -> Found {
    guard bytes.count >= 32 else { return .unclear }
    if let length = tagLength(bytes) { return hasBegun && id3Length(bytes) != nil ? .beginning : .other(length) }
    guard let length = MPEGFrame.length(bytes[..<4]) else {
      return hasBegun && SoundBeginning.isHere(bytes) ? .beginning : .other(1)
    }
    guard bytes.count >= min(length, 48) else { return .unclear }
    let count = MPEGFrame.declaredFrames(UnsafeRawBufferPointer(rebasing: bytes[..<min(length, 48)]))
    let isOver = declaredFrames.map { frames > $0 } ?? false
    if hasBegun && (count != nil || isOver) { return .beginning }
    if let count { declaredFrames = count }
    frames += 1
    return .element(length)
  }
}

/// Bytes of a tag of ID3v2 that stands here; nil where none does.
///
/// - Parameter bytes: at least 10, or the tag is not seen.
func id3Length(_ bytes: UnsafeRawBufferPointer) -> Int? {
  guard bytes.count >= 10, bytes.starts(with: "ID3".utf8), (2...4).contains(bytes[3]), bytes[4] < 0xFF,
    bytes[6..<10].allSatisfy({ $0 < 0x80 })
  else { return nil }
  return bytes[6..<10].reduce(0) { $0 << 7 | Int($1) } + (bytes[5] & 0x10 == 0 ? 10 : 20)
}
