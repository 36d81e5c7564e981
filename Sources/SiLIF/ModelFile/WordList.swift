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

  @_optimize(size)
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
      try WordList.check(try reader.readBytes(length, "word"))
    }
  }

  /// Refuses what is no UTF-8, and control characters: a line break in a word would forge a line of output.
  @_optimize(size)
  private static func check(_ word: UnsafeRawBufferPointer) throws(ModelError) {
    var at = 0
    while at < word.count {
      let lead = word[at]
      at += 1
      var isText = lead >= 0x20 && lead != 0x7F
      if lead >= 0x80 {
        let more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3
        let end = at + more
        var code = UInt32(lead & (lead < 0xE0 ? 0x1F : 0x0F))
        isText = lead >= 0xC2 && end <= word.count
        while isText && at < end {
          isText = word[at] & 0xC0 == 0x80
          code = code << 6 | UInt32(word[at] & 0x3F)
          at += 1
        }
        // Neither longer than need be, nor half of a surrogate pair, nor beyond the last character.
        let least = UInt32(1) << UInt32(truncatingIfNeeded: 5 * more + 1)
        isText = isText && code >= least && code >> 11 != 0xD800 >> 11 && code <= 0x10FFFF
      }
      guard isText else { throw ModelError(.outOfRange, "word", value: Int64(lead)) }
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
