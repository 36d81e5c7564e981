import Glibc

/// A regular file. Owns its descriptor.
final class FileBytes: ByteSource {
  let size: Int64
  private let descriptor: Int32
  /// What it is, if that is known.
  let magic: SoundMagic?
  private(set) var errorNumber: Int32 = 0

  init(descriptor: Int32, size: Int64) {
    self.descriptor = descriptor
    self.size = size
    var head = [UInt8](repeating: 0, count: 4096)
    head.removeLast(head.count - max(pread(descriptor, &head, head.count, 0), 0))
    magic = SoundMagic(head)
    super.init()
  }

  deinit { close(descriptor) }

  /// Formats that don't declare their length find their end by the file's.
  override var length: Int64 { magic?.declaresLength == true ? .max : size }
  override var failure: Int32 { errorNumber }

  override func read(into target: UnsafeMutableRawPointer, count: Int) -> Int {
    var done = 0
    while done < count {
      guard position < size, let offset = off_t(exactly: position) else { break }
      let got = pread(descriptor, target + done, count - done, offset)
      if got < 0 && errno == EINTR { continue }
      if got < 0 { errorNumber = errno }
      if got <= 0 { break }
      done += got
      position += Int64(got)
    }
    return done
  }
}
