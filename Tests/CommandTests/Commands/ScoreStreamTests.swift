import Foundation
import TestSupport
import Testing

/// `kws-score --stream`.
@Suite struct ScoreStreamTests {
  let folder: TemporaryFolder
  let stream: String

  init() throws {
    folder = TemporaryFolder()
    stream = try folder.write(TestSound.wav(TestSound.samples(seconds: 6)), to: "stream.wav")
  }

  private func report(_ truth: String, _ arguments: String...) throws -> [String: Any] {
    let truth = try folder.write(truth, to: "truth.csv")
    let result = try Command.score.run(
      ["--model", Fixture.audio, "--stream", stream, "--truth", truth, "--format", "json"] + arguments)
    #expect(result.status == 0, "\(result.errors)")
    return try parsedJSON(result.output)
  }

  @Test func emptyTruthCountsFalseAlarms() throws {
    let events = try Command.listen.run("--model", Fixture.audio, "--input", stream).lines
    let report = try report("start_s,end_s,word\n")
    #expect(report["false_alarms"] as? Int == events.count)
    #expect(report["miss_rate"] is NSNull)
    #expect(report["latency_ms"] is NSNull)
    #expect(abs(try #require(report["audio_h"] as? Double) - 6 / 3600.0) < 1e-5)
    let rate = try #require(report["false_alarms_per_hour"] as? Double)
    #expect(abs(rate - Double(events.count) * 600) < 1e-3)
    #expect(report["false_alarms_per_hour_below"] is NSNull)
  }

  @Test func noAlarmSupportsOnlyABound() throws {
    let report = try report("start_s,end_s,word\n", "--threshold", "1", "--keyword", "stop=1")
    guard report["events"] as? Int == 0 else { return }
    #expect(abs(try #require(report["false_alarms_per_hour_below"] as? Double) - 1800) < 1e-3)
  }

  /// As programs write CSV.
  @Test func wordsInQuotesAreTheWords() throws {
    let events = try Command.listen.run("--model", Fixture.audio, "--input", stream, "--format", "json").lines.map(
      parsedJSON)
    let rows = try events.map {
      let time = try #require($0["time_s"] as? Double)
      return "\"\(time - 0.15)\",\(time - 0.1),\"\(try #require($0["word"] as? String))\"\n"
    }
    let report = try report("\"start_s\",\"end_s\",\"word\"\n" + rows.joined())
    #expect(!events.isEmpty && report["hits"] as? Int == events.count)
  }

  @Test func everyEventOfKwsListenCanBeAHit() throws {
    let events = try Command.listen.run("--model", Fixture.audio, "--input", stream, "--format", "json").lines.map(
      parsedJSON)
    var truth = "start_s,end_s,word\n"
    for event in events {
      let time = try #require(event["time_s"] as? Double)
      truth += "\(time - 0.15),\(time - 0.1),\(try #require(event["word"] as? String))\n"
    }
    let file = "\(folder.path)/events.jsonl"
    let report = try report(truth, "--events", file)
    #expect(report["hits"] as? Int == events.count)
    #expect(report["misses"] as? Int == 0)
    #expect(report["miss_rate"] as? Double == 0)
    let latency = try #require(report["latency_ms"] as? [String: Double])
    #expect(abs(latency["median"]! - 100) < 0.2)
    #expect(abs(latency["p95"]! - 100) < 0.2)
    let lines = try folder.read("events.jsonl").split(separator: "\n")
    #expect(lines.count == events.count)
    #expect(lines.allSatisfy { $0.contains("\"verdict\":\"hit\"") })
  }

  @Test func eventsGoIntoADeviceOrPipeAndDoNotReplaceIt() throws {
    let pipe = "\(folder.path)/events"
    #expect(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    let events = try report("start_s,end_s,word\n", "--events", pipe)["events"] as? Int
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(reader, &bytes, bytes.count)
    #expect(bytes[..<max(count, 0)].count { $0 == UInt8(ascii: "\n") } == events)
    var status = stat()
    #expect(lstat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
  }

  @Test func badTruthNamesTheLine() throws {
    for (text, part) in [
      ("", "start_s,end_s,word"), ("a,b,c\n", "line 1"), ("start_s,end_s,word\n1,2\n", "line 2"),
      ("start_s,end_s,word\n1,2,yes\n3,x,no\n", "line 3"), ("start_s,end_s,word\n2,1,yes\n", "line 2"),
      ("start_s,end_s,word\n2,3,\n", "line 2"),
    ] {
      let truth = try folder.write(text, to: "bad.csv")
      let result = try Command.score.run("--model", Fixture.audio, "--stream", stream, "--truth", truth)
      #expect(result.status == 1)
      #expect(result.errors.contains("bad.csv"))
      #expect(result.errors.contains(part), "\(result.errors)")
    }
  }
}
