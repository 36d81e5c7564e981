import Foundation
import TestSupport
import Testing

/// `kws-score` on sound files, folders and lists.
@Suite struct ScoreTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    // A folder as Speech Commands has it: words, another word, silence, and recordings that are no clips.
    for (index, name) in ["yes/a", "yes/b", "no/c", "stop/d", "bed/e", "_silence_/f", "_background_noise_/g"]
      .enumerated()
    {
      let samples = TestSound.samples(seconds: index == 1 ? 0.6 : 1, seed: UInt64(index + 1))
      try folder.write(TestSound.wav(samples), to: "words/\(name).wav")
    }
    try folder.write("yes/a.wav\nbed/e.wav\n_silence_/f.wav\n\n_background_noise_/g.wav\n", to: "words/list.txt")
  }

  private func json(_ arguments: String..., status: Int = 0) throws -> [String: Any] {
    let result = try Command.score.run(["--model", Fixture.audio, "--format", "json"] + arguments)
    #expect(result.status == status, "\(result.errors)")
    #expect(result.lines.count == 1)
    return try parsedJSON(result.output)
  }

  @Test func folderOfWords() throws {
    let report = try json("\(folder.path)/words")
    #expect(report["clips"] as? Int == 6)
    #expect(report["labelled"] as? Int == 6)
    #expect(report["failed"] as? Int == 0)
    #expect(report["words"] as? [String] == ["yes", "no", "stop", "unknown", "silence"])
    #expect(abs(try #require(report["audio_s"] as? Double) - 5.6) < 1e-9)
    let confusion = try #require(report["confusion"] as? [[Int]])
    #expect(confusion.map { $0.reduce(0, +) } == [2, 1, 1, 1, 1])
    let correct = try #require(report["correct"] as? Int)
    #expect((0..<5).reduce(0) { $0 + confusion[$1][$1] } == correct)
    #expect(abs(try #require(report["accuracy"] as? Double) - Double(correct) / 6) < 1e-6)
    let perWord = try #require(report["per_word"] as? [String: [String: Any]])
    #expect(perWord["yes"]?["clips"] as? Int == 2)
    #expect(try #require(report["spikes_per_clip"] as? Double) > 0)
    #expect(try #require(report["synaptic_operations_per_clip"] as? Double) > 98 * 16)
    #expect(report["results"] == nil)
  }

  @Test func wordFolderAndSingleFileAreLabelledToo() throws {
    #expect(try json("\(folder.path)/words/yes")["labelled"] as? Int == 2)
    #expect(try json("\(folder.path)/words/bed/e.wav")["labelled"] as? Int == 1)
  }

  @Test func ofASingleClipItSaysWhatItHeard() throws {
    let path = "\(folder.path)/words/bed/e.wav"
    let results = try #require(try json(path)["results"] as? [[String: Any]])
    #expect(results.count == 1 && results[0]["label"] as? String == "unknown")
    let text = try Command.score.run("--model", Fixture.audio, path)
    #expect(text.lines[0].hasPrefix(path))
    // A table of one clip for each word is none.
    #expect(!text.output.contains("precision"))
    #expect(try Command.score.run("--model", Fixture.audio, "\(folder.path)/words").output.contains("precision"))
  }

  @Test func aLongSoundGivenAsAClipIsSentToTheStreams() throws {
    let long = try folder.write(TestSound.wav(TestSound.samples(seconds: 7)), to: "long/x.wav")
    let said = try Command.score.run("--model", Fixture.audio, long)
    #expect(said.status == 0)
    #expect(said.errors.contains("\(long): 7.0 s are scored as one clip, and clips of this model have 1.0 s; --stream"))
    #expect(!said.errors.contains("such files"))
    try folder.write(TestSound.wav(TestSound.samples(seconds: 6)), to: "long/y.wav")
    let both = try Command.score.run(
      "--model", Fixture.audio, "\(folder.path)/long", "--each", "--format", "csv")
    #expect(both.errors.contains("(2 such files); --stream"))
    #expect(try !Command.score.run("--model", Fixture.audio, "\(folder.path)/words").errors.contains("--stream"))
  }

  @Test func otherClipsAreUnlabelledAndListed() throws {
    let path = try folder.write(TestSound.wav(TestSound.samples(seconds: 1)), to: "some/where/x.wav")
    let report = try json(path)
    #expect(report["clips"] as? Int == 1)
    #expect(report["labelled"] as? Int == 0)
    #expect(report["accuracy"] is NSNull)
    let results = try #require(report["results"] as? [[String: Any]])
    #expect(results.count == 1)
    #expect(results[0]["path"] as? String == path)
    let text = try Command.score.run("--model", Fixture.audio, path)
    #expect(text.lines[0].hasPrefix(path))
  }

  /// Many have their recordings in one folder, and no labels.
  @Test func aListWithoutFoldersIsUnlabelled() throws {
    try folder.write(TestSound.wav(TestSound.samples(seconds: 1)), to: "flat/one.wav")
    let list = try folder.write("./one.wav\n# what is no file\n../words/yes/a.wav\n", to: "flat/list.txt")
    let report = try json("--list", list, status: 1)
    #expect(report["clips"] as? Int == 2 && report["failed"] as? Int == 1 && report["labelled"] as? Int == 1)
    let sound = try Command.score.run("--model", Fixture.audio, "--list", folder.file("flat/one.wav"))
    #expect(sound.status == 1 && sound.errors.hasSuffix("one.wav: is no text; --list wants one path a line\n"))
  }

  @Test func listIsLabelledEverywhere() throws {
    let report = try json("--list", "\(folder.path)/words/list.txt")
    #expect(report["clips"] as? Int == 3)
    #expect(report["labelled"] as? Int == 3)
    #expect(try json("--list", "\(folder.path)/words/list.txt", "--root", "\(folder.path)/words")["clips"] as? Int == 3)
  }

  @Test func resultDoesNotDependOnTheThreads() throws {
    func stable(_ jobs: String) throws -> String {
      try Command.score.run(
        "--model", Fixture.audio, "\(folder.path)/words", "--jobs", jobs, "--each", "--format", "json"
      ).stableOutput
    }
    let one = try stable("1")
    #expect(try stable("2") == one)
    #expect(try stable("7") == one)
  }

  @Test func shortClipGetsSilenceAtItsEnd() throws {
    let short = TestSound.samples(seconds: 0.6)
    let padded = short + [Int16](repeating: 0, count: 16000 - 9600)
    let results = try [short, padded].map { samples in
      let path = try folder.write(TestSound.wav(samples), to: "some/where/x.wav")
      return try json(path)
    }
    for key in ["steps", "spikes_per_clip", "synaptic_operations_per_clip"] {
      #expect(results[0][key] as? Double == results[1][key] as? Double)
    }
    #expect(results[0]["steps"] as? Int == 98)
  }

  @Test func otherRatesAreResampled() throws {
    let path = try folder.write(TestSound.wav(TestSound.samples(seconds: 1), rate_hz: 8000), to: "some/where/x.wav")
    #expect(abs(try #require(json(path)["audio_s"] as? Double) - 2) < 0.001)
  }

  @Test func oneBadFileDoesNotLoseTheOthers() throws {
    let bad = try folder.write("no sound", to: "words/yes/bad.wav")
    let arguments = ["--model", Fixture.audio, "\(folder.path)/words", "--format", "json"]
    let result = try Command.score.run(arguments)
    #expect(result.status == 1)
    #expect(result.errors.contains(bad))
    let report = try parsedJSON(result.output)
    #expect(report["clips"] as? Int == 6)
    #expect(report["failed"] as? Int == 1)
    let errors = try #require(report["errors"] as? [[String: Any]])
    #expect(errors[0]["path"] as? String == bad)
    #expect(try #require(errors[0]["message"] as? String).contains("bad.wav"))
  }

  @Test func anEmptyFolderAmongSeveralDoesNotLoseTheOthers() throws {
    let empty = TemporaryFolder()
    let result = try Command.score.run(
      "--model", Fixture.audio, "--format", "json", empty.path, "\(folder.path)/words")
    #expect(result.status == 1 && result.errors.contains("\(empty.path): no sound file in this folder"))
    let report = try parsedJSON(result.output)
    #expect(report["clips"] as? Int == 6 && report["failed"] as? Int == 1)
    #expect((report["errors"] as? [[String: Any]])?.first?["path"] as? String == empty.path)
  }

  @Test func missingClipOfAListIsAFailedClip() throws {
    try folder.write("yes/a.wav\nyes/missing.wav\n", to: "words/list2.txt")
    let report = try json("--list", "\(folder.path)/words/list2.txt", status: 1)
    #expect(report["clips"] as? Int == 1)
    #expect(report["failed"] as? Int == 1)
  }

  @Test func soundThatCannotBeReachedIsAFailedClip() throws {
    let folder = TemporaryFolder()
    try folder.write(TestSound.wav(TestSound.samples(seconds: 1)), to: "clips/a.wav")
    symlink("nothing-here.wav", "\(folder.path)/clips/link.wav")
    let clips = (Array("\(folder.path)/clips/".utf8) + [0xFF] + Array(".wav".utf8CString.map { UInt8(bitPattern: $0) }))
      .map { CChar(bitPattern: $0) }
    close(creat(clips, 0o644))
    let result = try Command.score.run("--model", Fixture.audio, "--format", "json", "\(folder.path)/clips")
    #expect(result.status == 1)
    let report = try parsedJSON(result.output)
    #expect(report["clips"] as? Int == 1)
    #expect(report["failed"] as? Int == 2)
    #expect(result.errors.contains("link.wav: no such file"))
    unlink(clips)
  }

  @Test func nothingToScoreIsAFailure() throws {
    for arguments in [["/nowhere"], ["--list", "/nowhere.txt"], ["--list", try folder.write("\n", to: "empty.txt")]] {
      let result = try Command.score.run(["--model", Fixture.audio] + arguments)
      #expect(result.status == 1)
      #expect(result.output.isEmpty)
    }
    let empty = TemporaryFolder()
    #expect(try Command.score.run("--model", Fixture.audio, empty.path).errors.contains("no sound file"))
  }

  @Test func noProgressWithoutATerminal() throws {
    #expect(try Command.score.run("--model", Fixture.audio, "\(folder.path)/words/yes").errors.isEmpty)
  }
}
