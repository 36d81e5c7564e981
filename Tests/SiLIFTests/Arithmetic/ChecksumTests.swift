import Testing

@testable import SiLIF

@Suite struct ChecksumTests {
  private func crc(_ text: String) -> UInt32 {
    var crc = CRC32()
    Array(text.utf8).withUnsafeBytes { crc.update($0) }
    return crc.value
  }

  private func fnv(_ text: String) -> UInt64 {
    var digest = FNV1a()
    for byte in text.utf8 { digest.update(byte: byte) }
    return digest.value
  }

  @Test func crc32OfKnownTexts() {
    #expect(crc("") == 0)
    #expect(crc("a") == 0xE8B7_BE43)
    #expect(crc("123456789") == 0xCBF4_3926)
    #expect(crc("The quick brown fox jumps over the lazy dog") == 0x414F_A339)
  }

  @Test func crc32OfPiecesIsThatOfTheWhole() {
    var crc = CRC32()
    for piece in ["123", "", "456789"] { Array(piece.utf8).withUnsafeBytes { crc.update($0) } }
    #expect(crc.value == 0xCBF4_3926)
  }

  @Test func fnv1aOfKnownTexts() {
    #expect(fnv("") == 0xCBF2_9CE4_8422_2325)
    #expect(fnv("a") == 0xAF63_DC4C_8601_EC8C)
    #expect(fnv("foobar") == 0x8594_4171_F739_67E8)
  }

  @Test func fnv1aTakesWordsFromTheLowestByte() {
    var words = FNV1a()
    words.update(UInt16(0x6F66))  // "fo"
    words.update(Int32(0x7261_626F))  // "obar"
    #expect(words.value == 0x8594_4171_F739_67E8)
  }
}
