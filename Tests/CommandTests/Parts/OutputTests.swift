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

  @Test func aFolderThatGoesAndComesBackLosesOnlyWhatIsSaidMeanwhile() throws {
    let folder = TemporaryFolder()
    let (path, away) = (folder.file("logs"), folder.file("away"))
    #expect(mkdir(path, 0o755) == 0)
    let said = Said()
    let lines = try FileLines(path: "\(path)/log", say: { said.lines.append($0) })
    lines.write("one\n")
    #expect(rename(path, away) == 0)
    lines.reopen()
    lines.write("two\n")
    #expect(said.lines.count == 1 && said.lines[0].contains("no such file") && lines.lostCount == 1)
    #expect(mkdir(path, 0o755) == 0)
    lines.write("three\n")
    #expect(try folder.read("logs/log") == "three\n" && lines.lostCount == 1)
  }

  private final class Said { var lines: [String] = [] }

  @Test func timesInNamesAreNeverTheSame() {
    let time = TimeOfDay(seconds: 7, milliseconds: 998)
    let next = time.following(time)
    #expect(next == TimeOfDay(seconds: 7, milliseconds: 999) && time.following(nil) == time)
    #expect(time.following(next) == TimeOfDay(seconds: 8, milliseconds: 0))
    #expect(next.following(time) == next)
    // Set back by an hour.
    #expect(time.following(TimeOfDay(seconds: 3607, milliseconds: 998)) == time)
  }

  @Test func tablesAlign() {
    var table = TextTable()
    table.add(["word", "clips"])
    table.add(["yes", "7"])
    #expect(table.text == "word  clips\nyes       7\n")
  }

  @Test func eventLines() throws {
    let keyword = ListenEvent.keyword(KeywordEvent(word: 0, score_q15: 30474, position: 197440))
    let json = JSONLines(words: ["yes", "no"])
    func line(_ event: ListenEvent) -> String? { json.line(event, at: nil) }
    #expect(TextLines(words: ["yes", "no"]).line(keyword, at: nil) == "12.34 s  yes  0.93\n")
    let sure = KeywordEvent(word: 0, score_q15: 30474, probability_q15: 32113, position: 197440)
    #expect(TextLines(words: ["yes", "no"]).line(.keyword(sure), at: nil) == "12.34 s  yes  0.93  98 %\n")
    #expect(line(.keyword(sure))?.contains(#""score":0.93,"probability":0.98,"time_s""#) == true)
    #expect(WordLines(words: ["yes", "no"]).line(keyword, at: nil) == "yes\n")
    #expect(
      line(keyword)
        == #"{"event":"keyword","word":"yes","score":0.93,"probability":null,"time_s":12.34,"sample":197440}"# + "\n")
    #expect(
      line(.gap(gap(.overrun))) == #"{"event":"overrun","count":2,"cause":"overrun","lost_s":0.5,"#
        + #""filled_s":0.25,"reset":true,"time_s":2,"sample":32000}"# + "\n")
    #expect(line(.gap(gap(.still)))?.hasPrefix(#"{"event":"device_back","count":2,"cause":"still","#) == true)
    #expect(
      line(.deviceLost(.gone, position: 32000))
        == #"{"event":"device_lost","cause":"gone","time_s":2,"sample":32000}"# + "\n")
    #expect(line(.nearMiss(KeywordEvent(word: 1, score_q15: 16384, position: 0)))?.contains("near_miss") == true)
    let at = TimeOfDay(seconds: 1_764_089_403, milliseconds: 7)
    #expect(at.text == "2025-11-25T16:50:03.007Z" && at.fileName == "20251125T165003.007Z")
    #expect(json.line(keyword, at: at)?.hasSuffix(#","sample":197440,"at":"2025-11-25T16:50:03.007Z"}"# + "\n") == true)
  }

  @Test(arguments: [
    ("text", OutputTarget(.text)), ("json", OutputTarget(.json)), ("word:a:b", OutputTarget(.word, .file("a:b"))),
    ("json:unix:/run/x", OutputTarget(.json, .socket("/run/x"))), ("json:unix:", nil), ("xml", nil), ("json:", nil),
    ("", nil),
  ]) func outputTargets(argument: String, target: OutputTarget?) {
    #expect(OutputTarget(argument: argument) == target)
  }

  @Test(arguments: [
    ("a b  c", ["a", "b", "c"]), ("a 'b c' \"d \\\" e\" f\\ g", ["a", "b c", "d \" e", "f g"]), ("a ''", ["a", ""]),
    ("echo $HOME; ls *", ["echo", "$HOME;", "ls", "*"]), ("", []), ("a 'b", nil), ("a \\", nil),
  ]) func commandLines(line: String, words: [String]?) {
    #expect(commandLineWords(line) == words)
  }

  @Test func nearMissesWaitForTheWord() {
    func event(_ second: Double) -> KeywordEvent {
      KeywordEvent(word: 0, score_q15: 1, position: Int64(second * 16_000))
    }
    var near = NearMisses()
    func level(_ second: Double) -> ListenEvent { .level(Level(), position: Int64(second * 16_000)) }
    #expect(near.sorted(.nearMiss(event(1))) == [])
    #expect(near.sorted(.keyword(event(1.2))) == [.keyword(event(1.2))])  // it became a hit
    #expect(near.sorted(.nearMiss(event(1.5))) == [])  // what is left of it
    #expect(near.sorted(.nearMiss(event(3))) == [])
    #expect(near.sorted(level(3.5)) == [level(3.5)])
    #expect(near.sorted(level(3.8)) == [.nearMiss(event(3)), level(3.8)])
    #expect(near.sorted(.nearMiss(event(9))) == [] && near.rest() == [.nearMiss(event(9))])
  }

  /// A file of that name may be another listener's, which is writing it.
  @Test func aPartThatTheSaverDidNotMakeStays() throws {
    let folder = TemporaryFolder()
    let ring = SoundRing()
    let block = [Int16](repeating: 7, count: 1_000)
    block.withUnsafeBufferPointer { ring.write($0) }
    var said: [String] = []
    let saved = try SaveFolder(folder.path, limit_bytes: .max)
    let sink = SaveSink(folder: saved, ring: ring, words: ["yes"]) { said.append($0) }
    for score_q15 in [16_384, 32_768] as [Int32] {
      try sink.write(.keyword(KeywordEvent(word: 0, score_q15: score_q15, position: 1_000)))
    }
    let names = sink.waiting.map(\.name)
    #expect(names.count == 2)
    let part = try folder.write("half", to: names[0] + ".part")
    sink.finish(isInterrupted: false)
    #expect(try TemporaryFolder.bytes(part) == Array("half".utf8))
    #expect(said.count == 1 && said[0].contains(names[0]) && said[0].contains("file exists"), "\(said)")
    #expect(sink.savedCount == 1 && sink.lostCount == 1)
    #expect(try TemporaryFolder.bytes("\(folder.path)/\(names[1])").count == 44 + 2 * block.count)
  }

  @Test func theSoundRingKeepsTheLastSamples() {
    let ring = SoundRing()
    let total = SoundRing.readable_samples + 1_000
    var at = 0
    while at < total {
      let block = (at..<min(at + 311, total)).map { Int16(truncatingIfNeeded: $0) }
      block.withUnsafeBufferPointer { ring.write($0) }
      at += block.count
    }
    #expect(ring.writtenCount == Int64(total) && ring.isHalfFull)
    let end = Int64(total)
    #expect(ring.copy(end - 3..<end + 5) == (total - 3..<total).map { Int16(truncatingIfNeeded: $0) })
    #expect(ring.copy(0..<500) == nil && ring.copy(999..<1_002) == nil)
    #expect(ring.copy(1_000..<1_002) == [1_000, 1_001])
    ring.release(to: end)
    #expect(!ring.isHalfFull)
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
      LineSink(
        TextLines(words: ["yes", "no"]), to: StandardLines(StandardOutput(descriptor: descriptors[0]), stop: stop),
        clock: { nil }),
      LineSink(
        JSONLines(words: ["yes", "no"]), to: StandardLines(StandardOutput(descriptor: descriptors[1]), stop: stop),
        clock: { nil }),
    ])
    try delivery.run(loop)
    for descriptor in descriptors { close(descriptor) }
    #expect(delivery.keywordCount == 1)
    #expect(try folder.read("text") == "1.00 s  no  0.50\n")
    #expect(
      try folder.read("json") == """
        {"event":"keyword","word":"no","score":0.5,"probability":null,"time_s":1,"sample":16000}
        {"event":"device_lost","cause":"gone","time_s":2,"sample":32000}

        """)
  }
}

private final class NoSound: AudioSource {
  func read(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead { .end }
}
