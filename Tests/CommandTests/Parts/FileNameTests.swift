import CommandSupport
import FileNames
import TestSupport
import Testing

/// Names are bytes.
@Suite struct FileNameTests {
  @Test func everyNameComesBackAsItWas() {
    var random = SplitMix64(seed: 4)
    for count in 0..<400 {
      let bytes = (0..<count % 40).map { _ in
        // Mostly from the beginnings of longer characters, and of those that stand for bytes.
        [0xEE, 0xBE, 0x80, 0xEF, 0xF0, 0xC3, 0xBC, UInt8.random(in: 1...255, using: &random)].randomElement(
          using: &random)!
      }
      #expect(fileNameBytes(fileName(bytes)) == bytes)
      #expect(withFileName(fileName(bytes)) { fileName(cString: $0) } == fileName(bytes))
    }
  }

  @Test func whatIsUTF8IsItself() {
    for text in ["", "a.wav", "grüße", "日本", "e\u{301}", "\u{1F600}", "\u{FFFD}", "\u{E000}"] {
      #expect(fileName(Array(text.utf8)).unicodeScalars.elementsEqual(text.unicodeScalars))
      #expect(fileNameBytes(text) == Array(text.utf8))
    }
  }

  /// In messages. As tools/tests/test_trust_commands.py has it of the commands in Python.
  @Test func charactersThatNobodySeesAreWrittenOut() {
    let all = (0...UInt32(0x10FFFF)).compactMap(Unicode.Scalar.init).filter {
      $0.byte == nil && visible(String($0)) != String($0)
    }
    var ranges: [ClosedRange<UInt32>] = []
    for value in all.map(\.value) {
      if let last = ranges.last, last.upperBound + 1 == value {
        ranges[ranges.count - 1] = last.lowerBound...value
      } else {
        ranges.append(value...value)
      }
    }
    #expect(
      ranges == [
        0...0x1F, 0x7F...0x9F, 0xAD...0xAD, 0x61C...0x61C, 0x180E...0x180E, 0x200B...0x200F, 0x2028...0x202E,
        0x2060...0x206F, 0xFEFF...0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F,
      ])
    #expect(visible("a\u{FEFF}b\u{E0041}\u{200B}") == "a\\u{FEFF}b\\u{E0041}\\u{200B}")
    // A table and JSON have them as they are, for the name is to be found again.
    #expect(StandardOutput.bytes(of: "\u{FEFF}می\u{200C}خواهم") == Array("\u{FEFF}می\u{200C}خواهم".utf8))
  }

  @Test func whatIsPrinted() {
    let name = fileName([0x67, 0xFC, 0x9B, 0x1B])
    #expect(visible(name) == "g\\xFC\\x9B\\u{1B}")
    #expect(StandardOutput.bytes(of: name) == [0x67, 0xFC, 0x9B] + Array("\\u{1B}".utf8))
    // Every parser takes it, and nothing is lost.
    #expect(JSONValue.string(name).text == #""g\ueffc\uef9b\u001b""#)
  }
}
