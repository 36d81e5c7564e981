/// Owns bytes that start on a multiple of 64, as a memory map or flash gives them.
final class AlignedBytes {
  let bytes: UnsafeMutableRawBufferPointer

  /// - Parameter fill: what the bytes hold; not zero by default, so that nothing relies on zeroed memory.
  init(count: Int, fill: UInt8 = 0xA5) {
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 64)
    block.initializeMemory(as: UInt8.self, repeating: fill)
    bytes = UnsafeMutableRawBufferPointer(rebasing: block[..<count])
  }

  convenience init(_ content: [UInt8]) {
    self.init(count: content.count)
    bytes.copyBytes(from: content)
  }

  deinit { bytes.baseAddress?.deallocate() }

  var readOnly: UnsafeRawBufferPointer { UnsafeRawBufferPointer(bytes) }
}

/// A scratch array of integers with a fixed address.
final class Scratch<Element: FixedWidthInteger> {
  let pointer: UnsafeMutablePointer<Element>
  let count: Int

  init(_ values: [Element]) {
    count = values.count
    pointer = .allocate(capacity: max(count, 1))
    pointer.initialize(from: values, count: count)
  }

  convenience init(repeating value: Element = 0, count: Int) {
    self.init([Element](repeating: value, count: count))
  }

  deinit { pointer.deallocate() }

  var values: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
