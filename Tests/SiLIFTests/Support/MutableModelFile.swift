@testable import SiLIF

/// The bytes of a model file, to be damaged on purpose.
struct MutableModelFile {
  var bytes: [UInt8]

  init(golden name: String) throws { bytes = try GoldenModels.bytes(name) }

  /// What the reader says.
  func error() -> ModelError? {
    do {
      _ = try LoadedModel(bytes)
      return nil
    } catch { return error }
  }

  /// Puts the checksum right, so that the reader looks further.
  mutating func repairChecksum() {
    var crc = CRC32()
    bytes[..<16].withUnsafeBytes { crc.update($0) }
    bytes[20...].withUnsafeBytes { crc.update($0) }
    set(crc.value, at: 16)
  }

  mutating func set<Word: FixedWidthInteger>(_ word: Word, at offset: Int) {
    withUnsafeBytes(of: word.littleEndian) { bytes.replaceSubrange(offset..<offset + $0.count, with: $0) }
  }

  func word<Word: FixedWidthInteger>(_ type: Word.Type, at offset: Int) -> Word {
    bytes.withUnsafeBytes { Word(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
  }

  var sectionCount: Int { Int(word(UInt16.self, at: 10)) }

  /// Where the table's entry of a section lies.
  func entry(_ tag: String, ordinal: Int = 0) -> Int {
    let entries = (0..<sectionCount).map { 32 + 16 * $0 }
    return entries.filter { String(decoding: bytes[$0..<$0 + 4], as: UTF8.self) == tag }[ordinal]
  }

  /// Where a section's bytes begin.
  func start(_ tag: String, ordinal: Int = 0) -> Int { Int(word(UInt32.self, at: entry(tag, ordinal: ordinal) + 4)) }
}

extension ModelError {
  var fieldName: String { field.description }
}
