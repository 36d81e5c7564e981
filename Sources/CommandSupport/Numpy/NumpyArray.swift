import Glibc

/// A `.npy` file in a read-only memory map: large arrays cost no memory of their own.
package final class NumpyArray: @unchecked Sendable {
  package let path: String
  package let header: NumpyHeader
  private let map: UnsafeRawBufferPointer

  /// - Throws: Failure, naming the file and what is wrong with it.
  package init(path: String) throws(Failure) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(fileMessage(errno, path)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Failure(fileMessage(errno, path)) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw Failure(fileMessage(EISDIR, path)) }
    let count = Int(status.st_size)
    guard count > 0 else { throw Failure("\(path): the file is empty; write it with numpy.save") }
    guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw Failure(fileMessage(errno, path))
    }
    map = UnsafeRawBufferPointer(start: base, count: count)
    do throws(Failure) {
      header = try NumpyHeader(map)
      let wanted = header.elementCount * header.element.byteCount
      let found = count - header.dataOffset
      guard found >= wanted else {
        throw Failure(
          "the file ends too early: \(header.shape) of \(header.element.name) need \(wanted) bytes, it holds \(found)")
      }
    } catch {
      munmap(base, count)
      throw Failure("\(path): \(error.message)")
    }
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: map.baseAddress), map.count) }

  /// Element `index` as a number of any integer type.
  ///
  /// - Precondition: the elements are integers.
  package func integer(_ index: Int) -> Int64 {
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

  /// The bytes of elements `start..<start + count`.
  package func bytes(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
    let size = header.element.byteCount
    let offset = header.dataOffset + start * size
    return UnsafeRawBufferPointer(rebasing: map[offset..<offset + count * size])
  }

  private func load<Element: BitwiseCopyable>(_ index: Int) -> Element {
    map.loadUnaligned(fromByteOffset: header.dataOffset + index * MemoryLayout<Element>.size, as: Element.self)
  }
}
