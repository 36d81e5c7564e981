import FileNames
import Glibc

/// A `.npy` file, of which parts are read when they are wanted: large arrays cost no memory. It is not mapped: a file that
/// is cut short meanwhile gives an error and not a signal.
package final class NumpyArray: Sendable {
  package let path: String
  package let header: NumpyHeader
  private let descriptor: Int32

  /// Magic, version, length, and the longest header that is read.
  private static let head_bytes = 12 + 1 << 16

  /// - Throws: Failure, naming the file and what is wrong with it.
  package init(path: String) throws(Failure) {
    self.path = path
    // Not blocking: opening a named pipe must not wait for its writer.
    descriptor = withFileName(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw Failure(fileMessage(errno, path)) }
    do throws(Failure) {
      header = try NumpyArray.header(of: descriptor, path)
    } catch {
      close(descriptor)
      throw error
    }
  }

  private static func header(of descriptor: Int32, _ path: String) throws(Failure) -> NumpyHeader {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Failure(fileMessage(errno, path)) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw Failure(fileMessage(EISDIR, path)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw Failure("\(path): is a pipe or a device; give a .npy file") }
    let byteCount = Int(status.st_size)
    guard byteCount > 0 else { throw Failure("\(path): the file is empty; write it with numpy.save") }
    let head = try read(descriptor, path, at: 0, min(byteCount, head_bytes))
    do throws(Failure) {
      let header = try withBytes(of: head) { bytes throws(Failure) in try NumpyHeader(bytes) }
      let wanted = header.elementCount * header.element.byteCount
      let found = byteCount - header.dataOffset
      guard found >= wanted else {
        throw Failure(
          "the file ends too early: \(header.shape) of \(header.element.name) need \(wanted) bytes, it holds \(found)")
      }
      return header
    } catch {
      throw Failure("\(path): \(error.message)")
    }
  }

  /// `withUnsafeBytes`, which throws no typed errors in Swift 6.0.
  private static func withBytes<Value>(
    of bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(Failure) in try body(bytes) }
    }
    return try result.get()
  }

  private static func read(
    _ descriptor: Int32, _ path: String, at offset: Int, _ byteCount: Int
  ) throws(Failure) -> [UInt8] {
    var done = 0
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { target, count in
      while done < byteCount {
        let got = pread(descriptor, target.baseAddress! + done, byteCount - done, off_t(offset + done))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { code = errno }
        guard got > 0 else { break }
        done += got
      }
      count = done
    }
    guard done == byteCount else {
      throw Failure(code == 0 ? "\(path): became shorter while it was read" : fileMessage(code, path))
    }
    return bytes
  }

  deinit { close(descriptor) }

  /// All elements.
  ///
  /// - Precondition: the elements are integers.
  /// - Throws: Failure where the file cannot be read any more.
  package func integers() throws(Failure) -> [Int64] {
    let count = header.elementCount
    let bytes = try bytes(0, count)
    return bytes.withUnsafeBytes { bytes in
      func load<Element: BitwiseCopyable>(_ index: Int) -> Element {
        bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self)
      }
      return (0..<count).map { index in
        switch header.element {
        case .int8: Int64(load(index) as Int8)
        case .uint8: Int64(load(index) as UInt8)
        case .int16: Int64(load(index) as Int16)
        case .uint16: Int64(load(index) as UInt16)
        case .int32: Int64(load(index) as Int32)
        case .uint32: Int64(load(index) as UInt32)
        case .int64: load(index)
        case .uint64: Int64(clamping: load(index) as UInt64)
        case .float32, .float64: preconditionFailure("these elements are not integers")
        }
      }
    }
  }

  /// The bytes of elements `start..<start + count`.
  ///
  /// - Throws: Failure where the file cannot be read any more.
  package func bytes(_ start: Int, _ count: Int) throws(Failure) -> [UInt8] {
    let size = header.element.byteCount
    return try NumpyArray.read(descriptor, path, at: header.dataOffset + start * size, count * size)
  }
}
