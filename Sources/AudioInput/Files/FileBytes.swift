import Glibc

/// A regular file, or a part of one.
final class FileBytes: ByteSource {
  let size: Int64
  private let file: OwnedDescriptor
  /// Where in the file it begins.
  private let start: Int64
  /// What it is, if that is known.
  let magic: SoundMagic?
  private(set) var errorNumber: Int32 = 0

  /// Owns the descriptor.
  convenience init(descriptor: Int32, size: Int64) {
    self.init(OwnedDescriptor(descriptor), start: 0, size: size)
  }

  private init(_ file: OwnedDescriptor, start: Int64, size: Int64) {
    (self.file, self.start, self.size) = (file, start, size)
    magic = Self.magic(size) { offset, count in
      var bytes = [UInt8](repeating: 0, count: Int(min(Int64(count), max(0, size - offset))))
      bytes.removeLast(bytes.count - max(pread(file.number, &bytes, bytes.count, off_t(start + offset)), 0))
      return bytes
    }
    super.init()
  }

  private static func magic(_ size: Int64, bytes: (_ offset: Int64, _ count: Int) -> [UInt8]) -> SoundMagic? {
    let head = bytes(0, SoundMagic.head_bytes)
    guard let magic = SoundMagic(head), magic == .mp3 else { return SoundMagic(head) }
    // A tag does not tell whose it is: what is behind it does.
    var at: Int64 = 0
    while at < size, let length = bytes(at, 10).withUnsafeBytes({ id3Length($0) }) { at += Int64(length) }
    return switch SoundMagic(bytes(at, SoundMagic.head_bytes)) {
    case .flac?: .flac
    case .foreign(let format)?: .foreign(format)
    default: .mp3
    }
  }

  /// The same file from one place to another, with positions of its own.
  func part(_ range: Range<Int64>) -> FileBytes {
    FileBytes(file, start: start + range.lowerBound, size: range.upperBound - range.lowerBound)
  }

  /// Formats that don't declare their length find their end by the file's.
  override var length: Int64 { magic?.declaresLength == true ? .max : size }
  override var failure: Int32 { errorNumber }

  override func lastBytes() -> [UInt8] { bytes(at: max(0, size - 256), count: 256) }

  override func read(into target: UnsafeMutableRawPointer, count: Int) -> Int {
    var done = 0
    while done < count {
      guard position < size, let offset = off_t(exactly: start + position) else { break }
      let wanted = Int(min(Int64(count - done), size - position))
      let got = pread(file.number, target + done, wanted, offset)
      if got < 0 && errno == EINTR { continue }
      if got < 0 { errorNumber = errno }
      if got <= 0 { break }
      done += got
      position += Int64(got)
    }
    return done
  }
}

/// Closed when nobody reads it any more.
private final class OwnedDescriptor {
  let number: Int32
  init(_ number: Int32) { self.number = number }
  deinit { close(number) }
}
