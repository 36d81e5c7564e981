#if _endian(big)
  #error("The section's tables are used in place, and they are little-endian.")
#endif

/// Reads the fields of a section one after another, and never past its end.
struct SectionReader {
  private let section: UnsafeRawBufferPointer
  private var position = 0

  init(_ section: UnsafeRawBufferPointer) { self.section = section }

  func checkAlignment() throws(LogMelSettingsError) {
    let address = UInt(bitPattern: section.baseAddress)
    guard address % 4 == 0 else {
      throw LogMelSettingsError(.alignment, "section", value: Int64(truncatingIfNeeded: address))
    }
  }

  @inline(never)
  mutating func read<Word: FixedWidthInteger>(
    _ type: Word.Type, _ field: StaticString, in range: ClosedRange<Int>
  ) throws(LogMelSettingsError) -> Int {
    let value = Int64(try take(MemoryLayout<Word>.size, field).loadUnaligned(as: Word.self))
    guard value >= Int64(range.lowerBound), value <= Int64(range.upperBound) else {
      throw LogMelSettingsError(.outOfRange, field, value: value)
    }
    return Int(value)
  }

  /// A table that is used in place.
  mutating func readTable<Element: BitwiseCopyable>(
    _ type: Element.Type, count: Int, _ field: StaticString
  ) throws(LogMelSettingsError) -> UnsafePointer<Element> {
    UnsafePointer(try take(count * MemoryLayout<Element>.stride, field).assumingMemoryBound(to: type))
  }

  /// After the last field only zeros may follow, up to the next multiple of four bytes.
  mutating func finish() throws(LogMelSettingsError) {
    let padding = (4 - position % 4) % 4
    for _ in 0..<padding { _ = try read(UInt8.self, "padding", in: 0...0) }
    guard position == section.count else {
      throw LogMelSettingsError(.length, "section", value: Int64(section.count))
    }
  }

  private mutating func take(_ count: Int, _ field: StaticString) throws(LogMelSettingsError) -> UnsafeRawPointer {
    guard let base = section.baseAddress, section.count - position >= count else {
      throw LogMelSettingsError(.length, field, value: Int64(section.count))
    }
    defer { position += count }
    return base + position
  }
}
