import Foundation
import TestSupport
import Testing

/// Networks that sample: `--seed` and `--seeds`, and what a seed's results do not depend on.
@Suite struct SeedTests {
  let folder: TemporaryFolder
  let file: String
  let sound: [Int16]

  init() throws {
    folder = TemporaryFolder()
    sound = TestSound.samples(seconds: 5)
    file = try folder.write(TestSound.wav(sound), to: "sound.wav")
    for (index, word) in ["yes", "no", "stop", "yes", "no", "bed"].enumerated() {
      let samples = TestSound.samples(seconds: 1, seed: UInt64(index + 1))
      try folder.write(TestSound.wav(samples), to: "words/\(word)/\(index).wav")
    }
  }

  private func events(_ options: String...) throws -> String {
    let result = try Command.listen.run(
      ["--model", Fixture.sampling, "--input", file, "--format", "json"] + options)
    #expect(result.status == 0, "\(result.errors)")
    return result.output
  }

  private func report(_ options: String...) throws -> (text: String, json: [String: Any]) {
    let result = try Command.score.run(
      ["--model", Fixture.sampling, "--format", "json", "--each", "\(folder.path)/words"] + options)
    #expect(result.status == 0, "\(result.errors)")
    return (result.stableOutput, try parsedJSON(result.output))
  }

  @Test func theSameSeedHearsTheSame() throws {
    let own = try events()
    #expect(own.contains("keyword"))
    #expect(try events() == own)
    #expect(try events("--seed", "42") == own)
    let other = try events("--seed", "7")
    #expect(other != own)
    #expect(try events("--seed", "7") == other)
    // Of the 64 bits all count.
    #expect(try events("--seed", "\(1 << 40 + 42)") != own)
  }

  @Test(arguments: [7, 160, 4096]) func blocksOfAnySizeDrawTheSame(_ block_samples: Int) throws {
    let expected = try events("--seed", "7")
    let command = try LiveCommand(
      .listen, ["--model", Fixture.sampling, "--input", "-", "--format", "json", "--seed", "7"])
    let bytes = TestSound.raw(sound)
    for start in stride(from: 0, to: bytes.count, by: 2 * block_samples) {
      command.write(Array(bytes[start..<min(start + 2 * block_samples, bytes.count)]))
    }
    command.closeInput()
    var output = ""
    while let line = command.readLine() { output += line + "\n" }
    #expect(withoutTimeOfDay(output) == expected)
    #expect(command.wait() == 0)
  }

  @Test func jobsDrawTheSame() throws {
    let one = try report("--jobs", "1", "--seed", "3", "--seeds", "2").text
    #expect(try report("--jobs", "3", "--seed", "3", "--seeds", "2").text == one)
    #expect(try report("--jobs", "7", "--seed", "3", "--seeds", "2").text == one)
    #expect(try report("--seed", "4", "--seeds", "2").text != one)
  }

  @Test func seedsAreScoredAsEachAlone() throws {
    let several = try #require(report("--seed", "5", "--seeds", "4").json["by_seed"] as? [String: Any])
    #expect(several["seeds"] as? [String] == ["5", "6", "7", "8"])
    let accuracies = try #require(several["accuracy"] as? [Double])
    for (seed, accuracy) in zip(5..., accuracies) {
      #expect(try report("--seed", "\(seed)").json["accuracy"] as? Double == accuracy)
    }
    let mean = try #require(several["accuracy_mean"] as? Double)
    #expect(abs(mean - accuracies.reduce(0, +) / 4) < 1e-6)
    #expect(several["accuracy_lowest"] as? Double == accuracies.min())
    #expect(several["accuracy_highest"] as? Double == accuracies.max())
    // The rest of the report is that of the first.
    #expect(try report("--seed", "5", "--seeds", "4").json["accuracy"] as? Double == accuracies[0])
    // Seeds go round at 2^64.
    let last = try report("--seed", "18446744073709551615", "--seeds", "2").json["by_seed"] as? [String: Any]
    #expect(last?["seeds"] as? [String] == ["18446744073709551615", "0"])
  }

  @Test func whereNothingIsDrawnASeedIsRefused() throws {
    // The second samples, by feedback: without numbers.
    let feedback = try folder.write(ModelBytes.with(sampler: 3, Fixture.sampling), to: "feedback.silif")
    for (model, name) in [(Fixture.audio, "audio.silif"), (feedback, "feedback.silif")] {
      for (command, arguments, option) in [
        (Command.listen, ["--input", file, "--seed", "1"], "--seed:"), (.score, [file, "--seed", "1"], "--seed:"),
        (.score, [file, "--seeds", "2"], "--seeds:"),
      ] {
        let result = try command.run(["--model", model] + arguments)
        #expect(result.status == 2)
        #expect(result.errors.contains(option) && result.errors.contains(name), "\(result.errors)")
      }
    }
    #expect(try Command.listen.run("--model", feedback, "--input", file).status == 0)
    let info = try parsedJSON(Command.model.run("info", feedback, "--format", "json").output)
    #expect((info["sampling"] as? [String: Any])?["draws_per_step"] as? Int == 0)
    for value in ["-1", "x", "18446744073709551616"] {
      #expect(try Command.listen.run("--model", Fixture.sampling, "--input", file, "--seed=\(value)").status == 2)
    }
    #expect(try Command.score.run("--model", Fixture.sampling, "--seeds", "0", file).status == 2)
  }

  @Test func infoAndBenchTellOfBlocks() throws {
    let info = try parsedJSON(Command.model.run("info", Fixture.sampling, "--format", "json").output)
    let sampling = try #require(info["sampling"] as? [String: Any])
    #expect(sampling["sampler"] as? String == "draws")
    #expect(sampling["seed"] as? String == "42")
    #expect(sampling["draws_per_step"] as? Int == 2 * 2 * 16)
    #expect(try parsedJSON(Command.model.run("info", Fixture.audio, "--format", "json").output)["sampling"] is NSNull)
    let text = try Command.model.run("info", Fixture.sampling).output
    #expect(text.contains("draws: 64 numbers a step, seed 42") && text.contains("Q16, 4 pairs"))

    let bench = ["--model", Fixture.sampling, "--steps", "20"]
    let report = try parsedJSON(Command.bench.run(bench + ["--format", "json"]).output)
    let layers = try #require(report["layers"] as? [[String: Any]])
    let parts = layers.map { ($0["parts"] as? [String: Any])?.keys.sorted() ?? [] }
    let block = ["mixing", "sampling_in", "sampling_out", "state_space"]
    #expect(parts == [[], block, block, []])
    // Every channel of a block can be made to fire; an encoder has nothing to fire.
    #expect(try #require(report["stages"] as? [String: Any])["worst_whole"] is [String: Any])
    #expect(try Command.bench.run(bench).output.contains("    state space "))
  }
}
