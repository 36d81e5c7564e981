/// What stands before the samples of a file or a stream.
protocol SamplesHeader {
  /// Where in the file the samples begin.
  var samplesStart: Int64 { get }
  /// Bytes of samples; nil where the header does not know.
  var samplesLength: Int64? { get }
  /// Bytes of samples as the header gives them, also where that stands for "unknown".
  var declaredLength: Int64 { get }
  /// How what may follow the samples is laid out; nil: nothing may.
  var chunks: ChunkLayout? { get }

  /// A header of nothing but the format and `endless_bytes`.
  ///
  /// - Returns: nil for a codec that the container of the new header does not have.
  func rewritten() -> [UInt8]?
}

/// As bytes of samples, so many that they are more frames than `DeclaredLength` believes in, however large a frame.
let endless_bytes: UInt64 = 1 << 62

/// At the beginning of a file or a stream.
///
/// - Parameter skip: passes over so many bytes, which need not be looked at again.
/// - Returns: nil where no header that is known leads to samples.
func readSamplesHeader(_ bytes: ByteSource, skip: (Int64) -> Void) -> (any SamplesHeader)? {
  let first = bytes.read(4)
  _ = bytes.seek(to: 0)
  return switch String(decoding: first, as: UTF8.self) {
  case "RIFF", "RF64", "riff": WaveHeader(bytes, skip: skip)
  case "FORM": AppleHeader(aiff: bytes, skip: skip)
  case "caff": AppleHeader(caf: bytes, skip: skip)
  case ".snd", "dns.": AppleHeader(au: bytes, skip: skip)
  default: nil
  }
}

extension SamplesHeader {
  /// Whether the samples of a file go on to its end, whatever the header says.
  func goesToTheEnd(of file: FileBytes) -> Bool {
    let left = file.size - samplesStart
    let declared = declaredLength
    // What stands for "unknown" may be right, and a recorder that never came to write the length leaves 0.
    let isInDoubt = samplesLength == nil || (declared == 0 && left > 0)
    let isUnknown = isInDoubt && !isRight(declared, in: file)
    let isWrapped = left >= 1 << 32 && left > declared && (left - declared) % (1 << 32) == 0
    return isUnknown || isWrapped
  }

  /// Whether the file ends behind so many bytes of samples, or goes on with whole chunks.
  func isRight(_ length: Int64, in file: FileBytes) -> Bool {
    let left = file.size - samplesStart
    guard length >= 0, length < left, let chunks else { return length == left }
    let before = file.position
    defer { file.position = before }
    file.position = samplesStart + chunks.padded(length)
    while file.position < file.size {
      guard let chunk = chunks.next(in: file), chunk.size >= 0, chunk.size <= file.size - file.position,
        chunk.name.utf8.allSatisfy({ (0x20..<0x7F).contains($0) })
      else { return false }
      file.position += chunks.padded(chunk.size)
    }
    return true
  }
}

/// How the chunks of a container are laid out: a name, a size, and so many bytes.
struct ChunkLayout {
  /// What chunks of 64-bit formats may declare; no sum of positions and sizes overflows.
  static let sizes: Range<Int64> = 0..<1 << 60

  /// A name's first four bytes say what it is.
  let nameBytes: Int
  let sizeBytes: Int
  let isBigEndian: Bool
  let sizeCountsNameAndItself: Bool
  /// Where chunks begin: at multiples of so many bytes.
  let alignment: Int64

  static let riff = ChunkLayout(
    nameBytes: 4, sizeBytes: 4, isBigEndian: false, sizeCountsNameAndItself: false, alignment: 2)
  static let aiff = ChunkLayout(
    nameBytes: 4, sizeBytes: 4, isBigEndian: true, sizeCountsNameAndItself: false, alignment: 2)
  static let caf = ChunkLayout(
    nameBytes: 4, sizeBytes: 8, isBigEndian: true, sizeCountsNameAndItself: false, alignment: 1)
  static let w64 = ChunkLayout(
    nameBytes: 16, sizeBytes: 8, isBigEndian: false, sizeCountsNameAndItself: true, alignment: 8)

  var isW64: Bool { sizeCountsNameAndItself }

  /// The chunk that begins at the position, which is then behind its size.
  ///
  /// - Returns: what it is, and the bytes of its content as declared, which may be negative. nil at the end.
  func next(in bytes: ByteSource) -> (name: String, size: Int64)? {
    chunk(bytes.read(nameBytes + sizeBytes))
  }

  /// The chunk that begins with these bytes.
  func chunk(_ head: [UInt8]) -> (name: String, size: Int64)? {
    guard head.count >= nameBytes + sizeBytes else { return nil }
    let field = head[nameBytes..<nameBytes + sizeBytes]
    let size = Int64(truncatingIfNeeded: isBigEndian ? bigEndian(field) : littleEndian(field))
    let headBytes = Int64(nameBytes + sizeBytes)
    let content = sizeCountsNameAndItself ? size.subtractingReportingOverflow(headBytes).partialValue : size
    return (String(decoding: head[..<4], as: UTF8.self), content)
  }

  /// Of chunks that may stand behind the samples, in small letters.
  static let namesBehindSamples: Set = [
    "list", "id3 ", "fact", "bext", "cue ", "smpl", "inst", "acid", "peak", "ixml", "axml", "chna", "cart", "plst",
    "junk",
    "pad ", "fllr", "name", "auth", "(c) ", "anno", "mark", "comt", "appl", "midi", "info", "uuid", "free",
  ]

  /// The size of the samples, where a header gives one that is to be believed.
  func known(_ size: Int64) -> Int64? {
    (sizeBytes == 8 ? Self.sizes.contains(size) : DeclaredLength.isKnown(size)) ? size : nil
  }

  /// From a content's beginning to the next chunk.
  func padded(_ size: Int64) -> Int64 {
    let (sum, overflow) = size.addingReportingOverflow(alignment - 1)
    return overflow ? size : sum / alignment * alignment
  }
}

func littleEndian(_ bytes: some BidirectionalCollection<UInt8>) -> UInt64 {
  bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
}

func bigEndian(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
