/// Section WORD: the names of the classes, in the readout's order, UTF-8.
public struct WordList {
  /// Classes, 1...256.
  public let count: Int
  /// Class that stands for every other word, or nil.
  public let unknownIndex: Int?
  /// Class that stands for no speech, or nil.
  public let silenceIndex: Int?
  private let section: UnsafeRawBufferPointer

  private static let headerBytes = 8
  private static let none: UInt16 = 0xFFFF

  init(section: UnsafeRawBufferPointer, classCount: Int) throws(ModelError) {
    self.section = section
    var reader = ByteReader(section)
    count = try reader.read(UInt16.self, "word_count", in: 1...LayerLimits.classes)
    guard count == classCount else { throw ModelError(.inconsistent, "word_count", value: Int64(count)) }
    func index(_ raw: UInt16, _ field: StaticString) throws(ModelError) -> Int? {
      guard raw != WordList.none else { return nil }
      guard raw < classCount else { throw ModelError(.outOfRange, field, value: Int64(raw)) }
      return Int(raw)
    }
    unknownIndex = try index(reader.read(UInt16.self, "unknown_index"), "unknown_index")
    silenceIndex = try index(reader.read(UInt16.self, "silence_index"), "silence_index")
    try reader.skip(2, "reserved")
    for _ in 0..<count {
      let length = try reader.read(UInt8.self, "word length", in: 1...255)
      let word = try reader.readBytes(length, "word")
      // A line break in a word would forge a line of output.
      for byte in word where byte < 0x20 || byte == 0x7F {
        throw ModelError(.outOfRange, "word", value: Int64(byte))
      }
    }
  }

  /// The UTF-8 bytes of a word. Not for the audio path: it walks the list.
  public subscript(index: Int) -> UnsafeRawBufferPointer {
    precondition(index >= 0 && index < count)
    var start = WordList.headerBytes
    for _ in 0..<index { start += 1 + Int(section[start]) }
    return UnsafeRawBufferPointer(rebasing: section[start + 1..<start + 1 + Int(section[start])])
  }
}
