/// Uncompressed samples whose own header libsndfile would stumble over, with another in front of them: nothing but the format, and a
/// length without end, so that libsndfile does not look for what comes behind the samples.
///
/// So chunks of any size may stand before the samples, by pipe too, where libsndfile would have to look back; and where the
/// header does not know the length (a stream, a recorder that lost power, a file over 4 GiB) the samples go on to their end.
final class HeadedSamples: ByteSource {
  /// What libsndfile keeps of a header is 100 kB.
  private static let header_bytes: Int64 = 1 << 16

  private let base: ByteSource
  private let header: [UInt8]
  /// Where in `base` the samples begin.
  private let samplesStart: Int64
  /// Bytes of samples, by the original header; nil: it does not know, and they go on to the end.
  private let samplesLength: Int64?

  override var declared_bytes: Int64? { samplesLength }
  override var origin: ByteSource { base }
  override var failure: Int32 { base.failure }

  /// For a file: nil unless its header is one that needs help.
  convenience init?(file: FileBytes) {
    guard let original = readSamplesHeader(file, skip: { file.position += $0 }) else { return nil }
    let isToTheEnd = original.goesToTheEnd(of: file)
    guard isToTheEnd || original.samplesLength == nil || original.samplesStart > Self.header_bytes else { return nil }
    let patched = isToTheEnd ? Self.patched(file, original, UInt32(exactly: file.size - original.samplesStart)) : nil
    self.init(file, original, samplesLength: isToTheEnd ? nil : original.declaredLength, patched: patched)
  }

  /// For a pipe, at its beginning. nil: no header that is known, or a codec that needs more than its bytes. What was read can be
  /// looked at again, unless a chunk was larger than what a pipe keeps.
  convenience init?(pipe: PipeBytes, _ found: (header: any SamplesHeader, length: Int64?)) {
    self.init(pipe, found.header, samplesLength: found.length, patched: nil)
  }

  /// What a pipe begins with, and the bytes of its samples; no length: they go on to the end.
  static func header(of pipe: PipeBytes) -> (header: any SamplesHeader, length: Int64?)? {
    guard let original = readSamplesHeader(pipe, skip: { pipe.skip($0) }) else { return nil }
    guard original.samplesLength == 0 else { return (original, original.samplesLength) }
    pipe.position = original.samplesStart
    let isEmpty = ChunkLayout.namesBehindSamples.contains(String(decoding: pipe.read(4), as: UTF8.self).lowercased())
    return (original, isEmpty ? 0 : nil)
  }

  /// The header of a WAV whose codec no other header has, with another length in place of 0.
  private static func patched(_ base: ByteSource, _ original: any SamplesHeader, _ length: UInt32?) -> [UInt8]? {
    guard original is WaveHeader, original.declaredLength == 0, let length, original.samplesStart <= header_bytes
    else { return nil }
    base.position = 0
    let header = base.read(Int(original.samplesStart))
    guard header.count == original.samplesStart, header.starts(with: "RIFF".utf8) else { return nil }
    return header.dropLast(4) + (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
  }

  private init?(_ base: ByteSource, _ original: any SamplesHeader, samplesLength: Int64?, patched: [UInt8]?) {
    guard let header = original.rewritten() ?? patched else { return nil }
    self.base = base
    self.header = header
    samplesStart = original.samplesStart
    self.samplesLength = samplesLength
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
