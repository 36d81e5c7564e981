import CommandSupport
import Testing

@testable import kws_listen

@Suite struct OutputTests {
  @Test func decimals() {
    #expect(decimalText(12.34, decimals: 2) == "12.34")
    #expect(decimalText(12.345678, decimals: 2) == "12.35")
    #expect(decimalText(0.05, decimals: 1) == "0.1")
    #expect(decimalText(-0.004, decimals: 2) == "0.00")
    #expect(decimalText(-1.5, decimals: 0) == "-2")
    #expect(decimalText(3, decimals: 3, keepsZeros: false) == "3")
    #expect(decimalText(3.1, decimals: 3, keepsZeros: false) == "3.1")
    #expect(decimalText(0.999, decimals: 2) == "1.00")
    #expect(decimalText(100, decimals: 0) == "100")
  }

  @Test func jsonIsWhatParsersExpect() throws {
    let value = JSONValue.object([
      ("z", .integer(-3)), ("a", .decimal(12.34, decimals: 4)), ("text", .string("a\"b\\c\n\u{1}é")), ("none", .null),
      ("list", .array([.bool(true), .decimal(.nan, decimals: 2), .object([])])),
    ])
    #expect(value.text == #"{"z":-3,"a":12.34,"text":"a\"b\\c\n\u0001é","none":null,"list":[true,null,{}]}"#)
    #expect(try parsedJSON(value.text)["text"] as? String == "a\"b\\c\n\u{1}é")
  }

  @Test func tablesAlign() {
    var table = TextTable()
    table.add(["word", "clips"])
    table.add(["yes", "7"])
    #expect(table.text == "word  clips\nyes       7\n")
  }

  @Test func eventLines() {
    let text = EventText(words: ["yes", "no"], format: .text)
    let json = EventText(words: ["yes", "no"], format: .json)
    let keyword = ListenEvent.keyword(word: 0, score_q15: 30474, sample: 197440)
    #expect(text.line(keyword) == "12.34 s  yes  0.93\n")
    #expect(
      json.line(keyword) == #"{"event":"keyword","word":"yes","score":0.93,"time_s":12.34,"sample":197440}"# + "\n")
    let overrun = ListenEvent.overrun(count: 2, sample: 32000)
    #expect(text.line(overrun) == nil)
    #expect(json.line(overrun) == #"{"event":"overrun","count":2,"time_s":2,"sample":32000}"# + "\n")
  }
}
