import AudioInput
import CommandSupport
import Glibc
import KeywordSpotter
import SpotterHost
import TestSupport
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

  @Test func eventLines() throws {
    let stop = try StopRequest(catchesSignals: false)
    let text = TextSink(words: ["yes", "no"], output: StandardOutput(), stop: stop)
    let json = JSONSink(words: ["yes", "no"], output: StandardOutput(), stop: stop)
    let keyword = KeywordEvent(word: 0, score_q15: 30474, position: 197440)
    #expect(text.line(keyword) == "12.34 s  yes  0.93\n")
    #expect(
      json.line(.keyword(keyword)) == #"{"event":"keyword","word":"yes","score":0.93,"time_s":12.34,"sample":197440}"#
        + "\n")
    #expect(
      json.line(.gap(gap(.overrun))) == #"{"event":"overrun","count":2,"cause":"overrun","lost_s":0.5,"#
        + #""filled_s":0.25,"reset":true,"time_s":2,"sample":32000}"# + "\n")
    #expect(json.line(.gap(gap(.still)))?.hasPrefix(#"{"event":"device_back","count":2,"cause":"still","#) == true)
    #expect(
      json.line(.deviceLost(.gone, position: 32000))
        == #"{"event":"device_lost","cause":"gone","time_s":2,"sample":32000}"# + "\n")
  }

  private func gap(_ cause: SoundLoss.Cause) -> Gap {
    Gap(count: 2, loss: SoundLoss(cause, lost_samples: 8000), filled_samples: 4000, isReset: true, position: 32000)
  }

  /// A microphone that fails ten times a second must not fill the disk.
  @Test func noticesAreLimited() {
    var limit = RateLimit(interval_s: 10)
    let second: UInt64 = 1_000_000_000
    #expect(limit.pass(now_ns: second) == 0)
    for tenth in 1..<100 { #expect(limit.pass(now_ns: second + UInt64(tenth) * second / 10) == nil) }
    #expect(limit.pass(now_ns: 11 * second) == 99)
    #expect(limit.pass(now_ns: 12 * second) == nil)
    #expect(limit.pass(now_ns: 22 * second) == 1)
  }

  /// Every sink gets every event, in the order in which they came, and takes what is its own.
  @Test func deliveryGoesToAllSinks() throws {
    let (file, folder) = (try ModelFile(path: Fixture.audio), TemporaryFolder())
    let stop = try StopRequest(catchesSignals: false)
    let loop = try ListenLoop(
      source: NoSound(), setUp: SpotterSetUp(file: file, settings: DetectorSettings(defaultsOf: file.model)),
      stop: stop,
      isLive: true, limit_samples: .max)
    #expect(loop.ring.push(.keyword(KeywordEvent(word: 1, score_q15: 16384, position: 16000))))
    #expect(loop.ring.push(.deviceLost(.gone, position: 32000)))
    loop.run()
    let names = ["text", "json"]
    let descriptors = try names.map { open(try folder.write("", to: $0), O_WRONLY) }
    var delivery = EventDelivery(to: [
      TextSink(words: ["yes", "no"], output: StandardOutput(descriptor: descriptors[0]), stop: stop),
      JSONSink(words: ["yes", "no"], output: StandardOutput(descriptor: descriptors[1]), stop: stop),
    ])
    try delivery.run(loop)
    for descriptor in descriptors { close(descriptor) }
    #expect(delivery.keywordCount == 1)
    #expect(try folder.read("text") == "1.00 s  no  0.50\n")
    #expect(
      try folder.read("json") == """
        {"event":"keyword","word":"no","score":0.5,"time_s":1,"sample":16000}
        {"event":"device_lost","cause":"gone","time_s":2,"sample":32000}

        """)
  }
}

private final class NoSound: AudioSource {
  func read(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead { .end }
}
