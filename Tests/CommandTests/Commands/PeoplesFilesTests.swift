import FileNames
import Foundation
import TestSupport
import Testing

/// Files as other programs leave them: `../shared/cases/audio` stands behind each of these.
@Suite struct PeoplesFilesTests {
  let folder = TemporaryFolder()
  let sound = TestSound.samples(seconds: 1)

  private func score(_ arguments: String...) throws -> CommandResult { try score(arguments) }

  private func score(_ arguments: [String]) throws -> CommandResult {
    try Command.score.run(["--model", Fixture.audio, "--format", "json"] + arguments)
  }

  /// Notepad and Excel begin a text with a mark of its byte order, and end lines with two characters.
  @Test(arguments: [String.Encoding.utf8, .utf16LittleEndian, .utf16BigEndian])
  func listsAndTruthAsWindowsWritesThem(_ encoding: String.Encoding) throws {
    func bytes(_ text: String) throws -> [UInt8] {
      [UInt8](try #require("\u{FEFF}\(text)".data(using: encoding)))
    }
    try folder.write(TestSound.wav(sound), to: "yes/ä.wav")
    try folder.write(TestSound.wav(sound), to: "no/b.wav")
    let list = try folder.write(bytes("yes/ä.wav\r\nno/b.wav\r\n"), to: "list.txt")
    let report = try parsedJSON(try score("--list", list).output)
    #expect(report["labelled"] as? Int == 2)
    #expect(report["failed"] as? Int == 0)
    let truth = try folder.write(bytes("start_s,end_s,word\r\n0,0.5,yes\r\n"), to: "truth.csv")
    let stream = try score("--stream", folder.file("no/b.wav"), "--truth", truth)
    #expect(try parsedJSON(stream.output)["words"] as? Int == 1, "\(stream.errors)")
  }

  /// What .NET and PowerShell write where they are told to leave the mark out.
  @Test func utf16WithoutItsMarkIsNoText() throws {
    func file(_ text: String, _ name: String) throws -> String {
      try folder.write(text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }, to: name)
    }
    let clip = try folder.write(TestSound.wav(sound), to: "a.wav")
    let (truth, list) = (try file("start_s,end_s,word\n0,0.5,yes\n", "t.csv"), try file("a.wav\n", "l.txt"))
    #expect(
      try score("--stream", clip, "--truth", truth).errors
        == "kws-score: \(truth): is no text; --truth wants lines of start_s,end_s,word, in UTF-8\n")
    #expect(try score("--list", list).errors == "kws-score: \(list): is no text; --list wants one path a line\n")
  }

  /// Lists that were put together, each with a mark of its byte order.
  @Test func aMarkWithinAListIsSeen() throws {
    try folder.write(TestSound.wav(sound), to: "a.wav")
    let list = try folder.write("\u{FEFF}a.wav\n\u{FEFF}a.wav\n", to: "l.txt")
    let result = try score("--list", list)
    #expect(result.errors.contains("/\\u{FEFF}a.wav: no such file"), "\(result.errors)")
    #expect(result.output.contains("/\u{FEFF}a.wav\""))
  }

  /// A muted microphone, or the wrong input: somebody waits for a word in vain.
  @Test(arguments: [0, 32, 33] as [Int16]) func silenceIsTold(_ level: Int16) throws {
    let samples = (0..<12 * 16_000).map { $0 % 100 == 0 ? -level : 0 }
    let path = try folder.write(TestSound.wav(samples), to: "quiet.wav")
    let result = try Command.listen.run("--model", Fixture.audio, "--input", path, "--format", "json")
    #expect(result.status == 0)
    #expect(!result.output.contains("silence"))
    let notices = result.errors.split(separator: "\n").filter { $0.contains("silence") }
    #expect(notices.count == (level < 33 ? 2 : 0), "\(result.errors)")
    let short = try folder.write(TestSound.wav(Array(samples[..<80_000])), to: "short.wav")
    #expect(try !Command.listen.run("--model", Fixture.audio, "--input", short).errors.contains("silence"))
  }

  /// The accuracy must not pass for that of both.
  @Test func aFolderLeavesNoSoundFileOutInSilence() throws {
    try folder.write(TestSound.wav(sound), to: "clips/yes/a.wav")
    let other = try folder.write([0, 0, 0, 32] + Array("ftypM4A mp42isom".utf8), to: "clips/yes/b.M4A")
    try folder.write("no sound", to: "clips/LICENSE")
    let result = try score(folder.file("clips"))
    let report = try parsedJSON(result.output)
    #expect(result.status == 1)
    #expect(report["clips"] as? Int == 1)
    #expect(report["failed"] as? Int == 1)
    #expect(result.errors.contains(other))
  }

  /// Names from an archive of the time before UTF-8 are opened, scored and written back as they are.
  @Test func namesThatAreNoUTF8() throws {
    let name = fileName(Array("gr".utf8) + [0xFC, 0xDF] + Array("e.wav".utf8))
    let clip = try folder.write(TestSound.wav(sound), to: "\(fileName([0xE4]))/yes/\(name)")
    let words = folder.file(fileName([0xE4]))
    let plain = try folder.write(TestSound.wav(sound), to: "plain.wav")

    let heard = folder.file(fileName([0xFF]))
    #expect(
      try Command.listen.run("--model", Fixture.audio, "--input", clip, "--output", "json:\(heard)").status == 0)
    #expect(
      try folder.read(fileName([0xFF]))
        == Command.listen.run("--model", Fixture.audio, "--input", plain, "--format", "json").output)
    #expect(
      try Command.listen.run("--input", folder.file(fileName([0xFE]))).errors.contains("/\\xFE: no such file"))

    let report = try score(words)
    #expect(try report.status == 0 && parsedJSON(report.output)["labelled"] as? Int == 1)
    let list = try folder.write(fileNameBytes("yes/\(name)"), to: "\(fileName([0xE4]))/list.txt")
    #expect(try parsedJSON(score("--list", list).output)["labelled"] as? Int == 1)

    // In a table as bytes, in JSON as characters that stand for them.
    func rows(_ format: String, _ more: String...) throws -> [UInt8] {
      let table = folder.file("rows.\(format)")
      let result = try Command.score.run(
        ["--model", Fixture.audio, "--each", "--format", format, "--output", table] + more + [words])
      #expect(result.status == 0, "\(result.errors)")
      return try TemporaryFolder.bytes(table)
    }
    let table = try rows("csv")
    #expect(table.split(separator: 0x0A).last?.starts(with: fileNameBytes(clip + ",audio.silif,yes,")) == true)
    #expect(try rows("csv", "--resume") == table)
    let line = try parsedJSON(String(decoding: rows("jsonl"), as: UTF8.self))
    #expect(line["path"] as? String == clip)

    let model = try folder.write(TemporaryFolder.bytes(Fixture.audio), to: fileName([0xE9]) + ".silif")
    #expect(try Command.listen.run("--model", model, "--input", plain).status == 0)
    let saved = folder.file(fileName([0xEA]))
    let long = try folder.write(TestSound.wav(TestSound.samples(seconds: 4)), to: "long.wav")
    let command = try Command.listen.run(
      "--model", Fixture.audio, "--input", long, "--save-dir", saved, "--exec", "touch \(folder.file(fileName([0xEB])))"
    )
    #expect(command.status == 0, "\(command.errors)")
    #expect(withFileName(folder.file(fileName([0xEB]))) { access($0, F_OK) } == 0)
    #expect(withFileName(saved) { access($0, W_OK) } == 0)
  }

  /// An array of microphones of which one is good, and stereo that is wired the wrong way round.
  @Test func oneGoodChannel() throws {
    let demo = try FaultyMicrophone.demo()
    func words(_ path: String, _ more: String...) throws -> (words: [String], errors: String) {
      let result = try Command.listen.run(
        ["--model", FaultyMicrophone.model, "--input", path, "--output", "word"] + more)
      return (result.lines, result.errors)
    }
    let all = ["yes", "stop", "left", "right", "down", "off", "no"]
    let antiphase = try folder.write(
      TestSound.wav(demo.flatMap { [$0, $0 == .min ? .max : -$0] }, channels: 2), to: "antiphase.wav")
    #expect(try words(antiphase).words.isEmpty)
    #expect(try words(antiphase).errors.contains("the 2 channels cancel each other out"))
    for channel in ["0", "1"] { #expect(try words(antiphase, "--channel", channel).words == all) }
    // Five more, the last of them loud.
    let loud = TestSound.samples(demo.count, seed: 3)
    let six = try folder.write(
      TestSound.wav(zip(demo, loud).flatMap { [$0, 0, 1, 0, 0, $1] }, channels: 6), to: "six.wav")
    #expect(try words(six).errors.contains(/the mean of the 6 channels is 1\d\.\d dB weaker than channel 5 alone/))
    let first = try words(six, "--channel", "0")
    #expect(first.words == all && !first.errors.contains("channels"))
    let none = try Command.listen.run("--input", six, "--channel", "6")
    #expect(none.status == 1 && none.errors.contains("has channels 0 to 5, and no channel 6"))
    let scored = try score("--channel", "0", "--each", six)
    let mono = try folder.write(TestSound.wav(demo), to: "mono.wav")
    func results(_ text: String) -> Substring? { text.split(separator: "\"score\":").last }
    #expect(try results(scored.output) == results(score("--each", mono).output))
    let stereo = try folder.write(TestSound.wav(demo.flatMap { [$0, $0] }, channels: 2), to: "stereo.wav")
    #expect(try !words(stereo).errors.contains("channels"))
  }

  /// What such a clip gives is no measure of the model.
  @Test func channelsThatCancelAreToldOfClipsAndStreams() throws {
    let good = try folder.write(TestSound.wav(sound), to: "all/a.wav")
    for name in ["b", "c"] {
      try folder.write(TestSound.wav(sound.flatMap { [$0, 0 &- $0] }, channels: 2), to: "all/\(name).wav")
    }
    let (bad, all) = (folder.file("all/b.wav"), folder.file("all"))
    let note = "the 2 channels cancel each other out, and their mean is silence; choose one, --channel 0 to --channel 1"
    let truth = try folder.write("start_s,end_s,word\n", to: "truth.csv")
    for (arguments, more) in [
      ([bad], ""), ([all], " (2 such files)"), (["--each", "--format", "csv", all], " (2 such files)"),
      (["--stream", bad, "--truth", truth], ""),
    ] {
      let result = try score(arguments)
      #expect(result.status == 0 && result.errors == "kws-score: \(bad): \(note)\(more)\n", "\(result.errors)")
    }
    for arguments in [
      [good], ["--channel", "0", all], ["--channel", "1", bad], ["--channel", "0", "--stream", bad, "--truth", truth],
    ] {
      #expect(try score(arguments).errors.isEmpty)
    }
  }

  @Test func rawSamplesAreWhatTheyAreSaidToBe() throws {
    let demo = try FaultyMicrophone.demo()
    func words(_ arguments: String..., input: [UInt8] = []) throws -> [String] {
      try Command.listen.run(
        ["--model", FaultyMicrophone.model, "--output", "word", "--raw"] + arguments, input: input
      ).lines
    }
    let all = ["yes", "stop", "left", "right", "down", "off", "no"]
    let stereo = TestSound.raw(demo.flatMap { [$0, 0] })
    #expect(try words("--input", "-", "--channels", "2", "--channel", "0", input: stereo) == all)
    #expect(try words("--input", "-", "--channels", "2", "--channel", "0", "--gain", "3", input: stereo) == all)
    #expect(try words("--input", "-", "--channels", "2", "--channel", "1", input: stereo).isEmpty)
    let twice = try folder.write(TestSound.raw(demo.flatMap { [$0, $0] }), to: "32000")
    #expect(try words("--input", twice, "--rate", "32000") == all)
    // Even what begins as a sound file, whose header is then 22 samples of noise, or as text.
    let wave = try folder.write(TestSound.wav(demo), to: "demo.wav")
    #expect(try words("--input", wave) == all)
    let text = Array(String(repeating: "to be or not to be ", count: 100).utf8)
    #expect(try words("--input", "-", input: text + TestSound.raw(demo)) == all)
  }

  @Test func whatAFolderSearchLeavesOutIsNamed() throws {
    try folder.write(TestSound.wav(sound), to: "all/yes/a.wav")
    try folder.write(TestSound.wav(sound), to: "all/_background_noise_/hum.wav")
    try folder.write(TestSound.wav(sound), to: "all/yes/.b.wav")
    for name in ["LICENSE", "list.txt", "notes.pdf", "z.json"] { try folder.write("text", to: "all/\(name)") }
    #expect(symlink("..", folder.file("all/yes/up")) == 0)
    #expect(symlink("yes", folder.file("all/yes2")) == 0)
    let result = try score(folder.file("all"))
    #expect(result.status == 0)
    let all = folder.file("all")
    for line in [
      "left out (not named as sound): \(all)/LICENSE, \(all)/list.txt, \(all)/notes.pdf and 1 more",
      "left out (background noise, which is no word): \(all)/_background_noise_",
      "left out (hidden): \(all)/yes/.b.wav", "left out (searched by another name): \(all)/yes/up, \(all)/yes2",
    ] { #expect(result.errors.contains("kws-score: \(line)\n"), "\(result.errors)") }
    #expect(try parsedJSON(result.output)["clips"] as? Int == 1, "\(result.output)")
    #expect(try score(folder.file("all/yes/a.wav")).errors.isEmpty)
  }

  @Test func aPathThatIsNotThereLosesNoOther() throws {
    let path = try folder.write(TestSound.wav(sound), to: "there.wav")
    let gone = folder.file("gone.wav")
    let result = try Command.score.run("--model", Fixture.audio, "--each", "--format", "csv", path, gone, path)
    #expect(result.status == 1 && result.lines.count == 4, "\(result.output)")
    #expect(result.errors.contains("\(gone): no such file; check the path"), "\(result.errors)")
    let alone = try score(gone)
    #expect(alone.status == 1 && alone.output.isEmpty)
    #expect(alone.errors == "kws-score: \(gone): no such file or folder; check the path\n")
  }

  /// Numbers of 16 bits written as floats: every sample clips.
  @Test func floatsInTheScaleOfIntegersAreTold() throws {
    func notes(_ scale: Float) throws -> String {
      var bytes = TestSound.wav([], declared_bytes: UInt32(4 * sound.count))
      (bytes[20], bytes[34], bytes[32]) = (3, 32, 4)
      for sample in sound { bytes += withUnsafeBytes(of: Float(sample) * scale, Array.init) }
      let path = try folder.write(bytes, to: "f.wav")
      let heard = try Command.listen.run("--model", Fixture.audio, "--input", path).errors
      let truth = try folder.write("start_s,end_s,word\n0.1,0.2,yes\n", to: "truth.csv")
      let scored = [
        try score(path, path),
        try Command.score.run("--model", Fixture.audio, "--each", "--format", "csv", path, path),
        try score("--stream", path, "--truth", truth),
      ].map(\.errors)
      let note = "go up to"
      #expect(scored.allSatisfy { $0.contains(note) == heard.contains(note) }, "\(scored)")
      #expect(scored[0].contains("2 such files") == heard.contains(note))
      return heard
    }
    #expect(try notes(1).contains("are they in the scale of 16-bit integers?"))
    #expect(try !notes(1 / 32_768).contains("scale"))
  }

  /// A label track of Audacity, also with a line of frequencies.
  @Test func labelTracksAreTruth() throws {
    let path = try folder.write(TestSound.wav(TestSound.samples(seconds: 6)), to: "x.wav")
    let csv = try folder.write("start_s,end_s,word\n0.5,1,yes\n2,2.5,no\n", to: "a.csv")
    let track = try folder.write(
      "0.500000\t1.000000\tyes\r\n\\\t100.0\t2000.0\r\n2.000000\t2.500000\tno\r\n", to: "a.txt")
    #expect(
      try score("--stream", path, "--truth", track).stableOutput == score("--stream", path, "--truth", csv).stableOutput
    )
    let bad = try folder.write("0.5\t1\tyes\n2\t2.5\n", to: "b.txt")
    #expect(try score("--stream", path, "--truth", bad).errors.contains("line 2: 2 fields; 3 are wanted"))
  }

  @Test func truthBeyondTheSoundIsAnError() throws {
    let path = try folder.write(TestSound.wav(TestSound.samples(seconds: 6)), to: "x.wav")
    func result(_ end: String) throws -> CommandResult {
      try score("--stream", path, "--truth", folder.write("start_s,end_s,word\n1,\(end),yes\n", to: "t.csv"))
    }
    #expect(try result("6.05").status == 0)
    let beyond = try result("7")
    #expect(beyond.status == 1 && beyond.output.isEmpty)
    #expect(beyond.errors.contains("'yes' ends at 7.00 s, and \(path) has 6.00 s"))
  }
}
