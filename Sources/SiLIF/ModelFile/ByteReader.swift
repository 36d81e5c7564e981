/// Reads little-endian fields one after another from a section, and refuses to read past its end.
struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  private(set) var position = 0
  private let layer: Int

  init(_ bytes: UnsafeRawBufferPointer, layer: Int = -1) {
    self.bytes = bytes
    self.layer = layer
  }

  var remaining: Int { bytes.count - position }

  mutating func read<Word: FixedWidthInteger>(
    _ type: Word.Type, _ field: StaticString
  ) throws(ModelError) -> Word {
    guard remaining >= MemoryLayout<Word>.size else { throw ModelError(.truncated, field, layer: layer) }
    defer { position += MemoryLayout<Word>.size }
    return Word(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Word.self))
  }

  /// A field that must lie in `range`.
  @inline(never)
  mutating func read<Word: FixedWidthInteger>(
    _ type: Word.Type, _ field: StaticString, in range: ClosedRange<Int>
  ) throws(ModelError) -> Int {
    let value = Int64(truncatingIfNeeded: try read(type, field))
    guard value >= Int64(range.lowerBound), value <= Int64(range.upperBound) else {
      throw ModelError(.outOfRange, field, value: value, layer: layer)
    }
    return Int(value)
  }

  mutating func readBytes(_ count: Int, _ field: StaticString) throws(ModelError) -> UnsafeRawBufferPointer {
    guard count >= 0, remaining >= count else { throw ModelError(.truncated, field, layer: layer) }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  mutating func skip(_ count: Int, _ field: StaticString) throws(ModelError) {
    _ = try readBytes(count, field)
  }

  /// A table that starts at the next multiple of 16 bytes and is used in place.
  mutating func readTable<Element: FixedWidthInteger>(
    _ type: Element.Type, count: Int, _ field: StaticString
  ) throws(ModelError) -> UnsafePointer<Element> {
    let aligned = (position + 15) / 16 * 16
    try skip(min(aligned - position, remaining), field)
    let table = try readBytes(count * MemoryLayout<Element>.stride, field)
    guard let base = table.baseAddress else { throw ModelError(.truncated, field, layer: layer) }
    return base.assumingMemoryBound(to: type)
  }
}
