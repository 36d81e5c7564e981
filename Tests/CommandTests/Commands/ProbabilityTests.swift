import Foundation
import TestSupport
import Testing

/// How sure a command is, by a model that says so: of a clip half of its score, of an event a quarter.
@Suite struct ProbabilityTests {
  private let folder = TemporaryFolder()
  private let model: String

  init() throws { model = try folder.write(CalibratedFixture.bytes(), to: "sure.silif") }

  private func sound() throws -> String {
    try folder.write(TestSound.wav(TestSound.samples(seconds: 6)), to: "yes/sound.wav")
  }

  private func isShare(_ probability: Any?, _ share: Double, of score: Any?) -> Bool {
    guard let probability = probability as? Double, let score = score as? Double else { return false }
    // Four decimals each, and Q15 between them.
    return abs(probability - share * score) < 1.5e-4
  }

  @Test func eventsSayIt() throws {
    let sound = try sound()
    let options = ["--model", model, "--input", sound]
    let events = try Command.listen.run(options + ["--format", "json"]).lines.map { try parsedJSON($0) }
    #expect(!events.isEmpty && events.allSatisfy { isShare($0["probability"], 0.25, of: $0["score"]) })
    let text = try Command.listen.run(
      options + ["--output", "text", "--exec-shell", "--exec-jobs", "64", "--exec", "echo $KWS_SCORE $KWS_PROBABILITY"])
    #expect(
      text.lines.allSatisfy { $0.wholeMatch(of: /\d+\.\d\d s  [a-z]+  0\.\d\d  \d+ %/) != nil } && !text.lines.isEmpty)
    let told = text.errors.split(separator: "\n").filter { $0.wholeMatch(of: /0\.\d+ 0\.\d+/) != nil }
    #expect(told.count == text.lines.count)
    #expect(
      told.allSatisfy { line in
        let numbers = line.split(separator: " ").map { Double($0) }
        return isShare(numbers[1], 0.25, of: numbers[0])
      })
    let truth = try folder.write("start_s,end_s,word\n", to: "truth.csv")
    _ = try Command.score.run([
      "--model", model, "--stream", sound, "--truth", truth, "--events", folder.file("events"),
    ])
    let scored = try folder.read("events").split(separator: "\n").map { try parsedJSON(String($0)) }
    #expect(scored.count == text.lines.count && scored.allSatisfy { isShare($0["probability"], 0.25, of: $0["score"]) })
  }

  @Test func clipsSayIt() throws {
    let sound = try sound()
    let report = try parsedJSON(try Command.score.run(["--model", model, sound, "--format", "json"]).output)
    let result = try #require((report["results"] as? [[String: Any]])?.first)
    #expect(isShare(result["probability"], 0.5, of: result["score"]))
    let row = try parsedJSON(try Command.score.run(["--model", model, sound, "--each", "--format", "jsonl"]).output)
    #expect(isShare(row["probability"], 0.5, of: row["score"]))
    let table = try Command.score.run(["--model", model, sound, "--each", "--format", "csv"]).lines
    let fields = table[1].split(separator: ",", omittingEmptySubsequences: false)
    #expect(table[0].contains(",score,probability,steps,"))
    #expect(isShare(Double(fields[5]), 0.5, of: Double(fields[4])))
    let text = try Command.score.run(["--model", model, sound]).lines[0]
    #expect(text.wholeMatch(of: /.+sound\.wav  [a-z]+  0\.\d\d  \d+ %.*/) != nil, "\(text)")
    let info = try Command.model.run(["info", model])
    #expect(info.output.contains("clips; events where a word is said 7 times an hour"))
  }

  @Test func aModelThatDoesNotSayItInventsNothing() throws {
    let sound = try sound()
    let report = try parsedJSON(try Command.score.run(["--model", Fixture.audio, sound, "--format", "json"]).output)
    #expect((report["results"] as? [[String: Any]])?.first?["probability"] is NSNull)
    let text = try Command.listen.run(["--model", Fixture.audio, "--input", sound])
    #expect(text.lines.allSatisfy { $0.wholeMatch(of: /\d+\.\d\d s  [a-z]+  0\.\d\d/) != nil } && !text.lines.isEmpty)
    #expect(!(try Command.model.run(["info", Fixture.audio]).output.contains("calibrated")))
  }
}
