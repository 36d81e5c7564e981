/// Bytes for libsndfile, which reads and seeks: a file, or a pipe that can only go forward. Base class; see `FileBytes`, `PipeBytes`.
class ByteSource {
  var position: Int64 = 0

  /// What libsndfile is told. Int64.max ("unknown") makes it believe the header, so that a file that is shorter than it
  /// declares is noticed and not clipped in silence.
  var length: Int64 { .max }

  /// Reads at `position` until there are `count` bytes, or the end. Gives how many there were.
  func read(into target: UnsafeMutableRawPointer, count: Int) -> Int { 0 }

  private var furthest: Int64 = 0
  private var fruitlessCalls = 0

  /// Whether whoever reads a header goes round in it: libsndfile does, for ever, where chunks of a W64 file lead back to each
  /// other. To be called with each question; so many in a row without a byte further on are no reader of a sound.
  final func isAskedInCircles() -> Bool {
    if position > furthest { (furthest, fruitlessCalls) = (position, 0) }
    fruitlessCalls += 1
    return fruitlessCalls > 1 << 22
  }

  /// Bytes of samples that it declares, where it knows better than the header that libsndfile reads.
  var declared_bytes: Int64? { nil }

  /// The file or pipe that the bytes come from.
  var origin: ByteSource { self }

  /// The last ones of this part, where it is at its end.
  func lastBytes() -> [UInt8] { [] }

  /// The next bytes, fewer only at the end.
  final func read(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = bytes.withUnsafeMutableBytes { $0.baseAddress.map { read(into: $0, count: count) } ?? 0 }
    bytes.removeLast(count - got)
    return bytes
  }

  /// errno of a read that failed, or 0.
  var failure: Int32 { 0 }

  func seek(to target: Int64) -> Int64 {
    position = max(target, 0)
    return position
  }
}
