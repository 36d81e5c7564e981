/// A WAV or RF64 file whose header libsndfile would stumble over, with a header of its own in front of the same samples:
/// nothing but the format and a length of 64 bits.
///
/// So chunks of any size may stand before the samples, by pipe too, where libsndfile would have to look back; and where the
/// header does not know the length (a stream, a recorder that lost power, a file over 4 GiB) the samples go on to their end.
final class WaveBytes: ByteSource {
  private let base: ByteSource
  private let header: [UInt8]
  /// Where in `base` the samples begin.
  private let samplesStart: Int64
  /// Bytes of samples; nil: to the end.
  private let samplesLength: Int64?

  override var origin: ByteSource { base }
  override var failure: Int32 { base.failure }

  /// For a file: nil unless its header is one that needs help.
  convenience init?(file: FileBytes) {
    guard let wave = WaveHeader(file, skip: { file.position += $0 }) else { return nil }
    let left = file.size - wave.samplesStart
    let declared = wave.samplesLength ?? 0
    let isUnknown = wave.samplesLength == nil
    // Recorders that never came to write the length leave 0; a file without samples has nothing but chunks there.
    let isUnfinished = declared == 0 && left > 0 && !wave.isFollowedByChunks(file)
    let isWrapped = left >= 1 << 32 && (left - declared) % (1 << 32) == 0
    guard isUnknown || isUnfinished || isWrapped else { return nil }
    self.init(file, wave, length: nil)
  }

  /// For a pipe, at its beginning. nil: no WAV, or none that RF64 could hold. What was read can be looked at again, unless a
  /// chunk was larger than what a pipe keeps.
  convenience init?(pipe: PipeBytes) {
    guard let wave = WaveHeader(pipe, skip: { pipe.skip($0) }) else { return nil }
    self.init(pipe, wave, length: wave.samplesLength == 0 ? nil : wave.samplesLength)
  }

  private init?(_ base: ByteSource, _ wave: WaveHeader, length: Int64?) {
    guard let header = wave.rewritten(length: length) else { return nil }
    self.base = base
    self.header = header
    samplesStart = wave.samplesStart
    samplesLength = length
  }

  override func read(into target: UnsafeMutableRawPointer, count: Int) -> Int {
    var done = 0
    if position < header.count {
      done = min(count, header.count - Int(position))
      header.withUnsafeBytes { target.copyMemory(from: $0.baseAddress! + Int(position), byteCount: done) }
      position += Int64(done)
      guard done < count else { return done }
    }
    let at = position - Int64(header.count)
    let left = samplesLength.map { max($0 - at, 0) } ?? .max
    let wanted = Int(min(Int64(count - done), left))
    guard wanted > 0, samplesStart <= .max - at else { return done }
    base.position = samplesStart + at
    let got = base.read(into: target + done, count: wanted)
    position += Int64(got)
    return done + got
  }
}

/// The chunks of a WAV or RF64 file up to its samples.
struct WaveHeader {
  private var format: [UInt8] = []
  private(set) var samplesStart: Int64 = 0
  /// Bytes of samples; nil where the header does not know.
  private(set) var samplesLength: Int64?

  /// - Parameter skip: passes over so many bytes, which need not be looked at again.
  init?(_ bytes: ByteSource, skip: (Int64) -> Void) {
    let start = bytes.read(12)
    guard start.count == 12, ["RIFF", "RF64"].contains(name(start[..<4])), name(start[8...]) == "WAVE" else {
      return nil
    }
    var long: Int64?
    while true {
      let chunk = bytes.read(8)
      guard chunk.count == 8 else { return nil }
      let size = number(chunk[4...])
      switch name(chunk[..<4]) {
      case "fmt " where size <= 1 << 12:
        format = bytes.read(Int(size + size % 2))
        format.removeLast(max(0, format.count - Int(size)))
      case "ds64" where (28...1 << 12).contains(size):
        let content = bytes.read(Int(size + size % 2))
        guard content.count >= size else { return nil }
        long = Int64(clamping: number64(content[8..<16]))
      case "data":
        samplesStart = bytes.position
        samplesLength = size < DeclaredLength.unknown_bytes ? size : size == 0xFFFF_FFFF ? long : nil
        return
      default: skip(size + size % 2)
      }
    }
  }

  /// What the format says, where there is one.
  var known: (codec: Int64, channels: Int64, rate_hz: Int64)? {
    guard format.count >= 16 else { return nil }
    return (number(format[0..<2]), number(format[2..<4]), number(format[4..<8]))
  }

  /// Whether from the start of the samples to the end of the file stand whole chunks.
  func isFollowedByChunks(_ file: FileBytes) -> Bool {
    var at = samplesStart
    while at + 8 <= file.size {
      let chunk = file.bytes(at: at, count: 8)
      guard chunk[..<4].allSatisfy({ (0x20..<0x7F).contains($0) }) else { return false }
      at += 8 + number(chunk[4...])
      at += at % 2
    }
    return at == file.size
  }

  /// - Returns: nil for a codec that RF64 does not have.
  func rewritten(length: Int64?) -> [UInt8]? {
    func little(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
    guard format.count >= 16 else { return nil }
    // PCM, float, A-law, µ-law, and an extensible header of one of them.
    guard [1, 3, 6, 7, 0xFFFE].contains(Int(format[0]) | Int(format[1]) << 8) else { return nil }
    let frameBytes = max(1, UInt64(format[12]) | UInt64(format[13]) << 8)
    let known = UInt64(length ?? 1 << 60) / frameBytes * frameBytes
    let long = little(known + 80, 8) + little(known, 8) + little(known / frameBytes, 8) + little(0, 4)
    let size = format.count + format.count % 2
    return Array("RF64".utf8) + little(0xFFFF_FFFF, 4) + Array("WAVEds64".utf8) + little(28, 4) + long
      + Array("fmt ".utf8) + little(UInt64(size), 4) + format + [UInt8](repeating: 0, count: format.count % 2)
      + Array("data".utf8) + little(0xFFFF_FFFF, 4)
  }
}

private func name(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

private func number64(_ bytes: some BidirectionalCollection<UInt8>) -> UInt64 {
  bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
}

private func number(_ bytes: some BidirectionalCollection<UInt8>) -> Int64 { Int64(number64(bytes)) }
