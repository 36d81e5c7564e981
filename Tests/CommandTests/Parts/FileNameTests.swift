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

  @Test func whatIsPrinted() {
    let name = fileName([0x67, 0xFC, 0x9B, 0x1B])
    #expect(visible(name) == "g\\xFC\\x9B\\u{1B}")
    #expect(StandardOutput.bytes(of: name) == [0x67, 0xFC, 0x9B] + Array("\\u{1B}".utf8))
    // Every parser takes it, and nothing is lost.
    #expect(JSONValue.string(name).text == #""g\ueffc\uef9b\u001b""#)
  }
}
