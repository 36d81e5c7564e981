import Glibc
import TestSupport
import Testing

/// Models and what stands in for one, made to crash a command, to stall it, or to make it lie.
@Suite struct HarmfulModelTests {
  let folder = TemporaryFolder()

  private func sound() throws -> String { try folder.write(TestSound.wav(TestSound.samples(seconds: 2)), to: "x.wav") }

  /// A valid model that trapped: its re-arming level, scaled to the threshold and times the window, left 32 bits.
  @Test func aRearmingLevelFarAboveTheThreshold() throws {
    let model = try folder.write(try ModelBytes.withHighRearm(Fixture.audio), to: "trap.silif")
    for value in ["0", "0.00001", "0.5", "0.9", "1"] {
      let result = try Command.listen.run("--model", model, "--input", try sound(), "--threshold", value)
      #expect(result.status == 0, "\(value): \(result.errors)")
    }
    let truth = try folder.write("start_s,end_s,word\n0,1,yes\n", to: "truth.csv")
    let result = try Command.score.run(
      "--model", model, "--stream", try sound(), "--truth", truth, "--keyword", "yes=0.9", "--keyword", "no=1")
    #expect(result.status == 0, "\(result.errors)")
  }

  /// No number that a flag takes ends a command by a signal.
  @Test(arguments: [
    "0", "-0", "-1", "1", "2", "1024", "1025", "65536", "2147483647", "2147483648", "4294967296",
    "9223372036854775807",
    "-9223372036854775808", "9223372036854775808", "99999999999999999999999", "1e308", "1e400", "-1e400", "1e-400",
    "nan",
    "inf", "-inf", "0x10", "1e9h", "", "-", "\u{FFFD}",
  ])
  func anyNumberInAnyFlag(_ number: String) throws {
    let wave = try sound()
    let truth = try folder.write("start_s,end_s,word\n0,1,yes\n", to: "truth.csv")
    let frames = try folder.write(NumpyFile.int16([1, 2, 8], [Int16](repeating: 3, count: 16)), to: "x.npy")
    let trace = folder.file("trace")
    let listen = ["--model", Fixture.audio, "--input", wave]
    let stream = ["--model", Fixture.audio, "--stream", wave, "--truth", truth]
    for (command, arguments) in [
      (Command.listen, listen + ["--threshold", number]), (.listen, listen + ["--keyword", "yes=\(number)"]),
      (.listen, listen + ["--duration", number]), (.listen, listen + ["--duration", "\(number)h"]),
      (.score, stream + ["--threshold", number]), (.score, ["--model", Fixture.audio, wave, "--jobs", number]),
      (.model, ["trace", Fixture.counts, "--input", frames, "--clip", number, "--output", trace, "--force"]),
    ] {
      let status = try command.run(arguments).status
      #expect((0...2).contains(status), "\(command.rawValue) \(arguments.joined(separator: " ")): \(status)")
    }
  }

  @Test func whatIsNoFile() throws {
    let pipe = folder.file("pipe.silif")
    mkfifo(pipe, 0o600)
    for path in [pipe, "/dev/zero", "/dev/tty"] {
      let result = try Command.model.run("info", path)
      #expect(result.status == 1)
      // A machine without a terminal has another reason for /dev/tty.
      #expect(path == "/dev/tty" || result.errors.contains("is a pipe or a device"), "\(result.errors)")
    }
    let frames = try Command.score.run("--model", Fixture.counts, "--frames", pipe)
    #expect(frames.status == 1 && frames.errors.contains("is a pipe or a device"), "\(frames.errors)")
    let lists = try Command.score.run("--model", Fixture.audio, "--list", "/dev/zero")
    #expect(
      lists.status == 1 && lists.errors.contains("more than 256 MiB, the most that is read of a text; split it"),
      "\(lists.errors)")
  }

  /// A million paths have some 85 MB.
  @Test func aListMayBeLong() throws {
    let path = try folder.write([], to: "list.txt")
    #expect(truncate(path, 80 << 20) == 0)
    let result = try Command.score.run("--model", Fixture.audio, "--list", path)
    #expect(result.status == 1 && result.errors.contains("list.txt: is no text"), "\(result.errors)")
  }

  @Test func aFileLargerThanAnyModel() throws {
    let path = try folder.write(try TemporaryFolder.bytes(Fixture.audio), to: "large.silif")
    #expect(truncate(path, 1 << 40) == 0)
    let result = try Command.model.run("info", path)
    #expect(result.status == 1 && result.errors.contains("more than any model"), "\(result.errors)")
  }

  /// The current folder may be anybody's.
  @Test func aFileInTheCurrentFolderIsNotTheModelOfThatName() throws {
    try folder.write(try TemporaryFolder.bytes(Fixture.audio), to: "kws12")
    try folder.write(try TemporaryFolder.bytes(Fixture.audio), to: "mine")
    func info(_ arguments: String) throws -> CommandResult {
      try Command.model.runIn(shell: "cd '\(folder.path)' && exec \"$0\" info \(arguments)")
    }
    let named = try info("kws12")
    #expect(named.status == 0 && named.output.contains("models/kws12.silif"), "\(named.output) \(named.errors)")
    let path = try info("./kws12")
    #expect(path.status == 0 && path.output.contains("yes no stop unknown silence"), "\(path.output) \(path.errors)")
    let unknown = try info("mine")
    #expect(unknown.status == 1 && unknown.errors.contains("the file in this folder is ./mine"), "\(unknown.errors)")
  }

  /// It was mapped once: a change gave other words, a shorter file SIGBUS.
  @Test func aModelThatChangesWhileItIsUsed() throws {
    let samples = TestSound.samples(seconds: 8)
    let model = try folder.write(try TemporaryFolder.bytes(Fixture.audio), to: "model.silif")
    let expected = try Command.listen.run("--model", model, "--input", "-", input: TestSound.raw(samples)).lines
    #expect(expected.count >= 3)
    let command = try LiveCommand(.listen, ["--model", model, "--input", "-"])
    try command.waitForNotice()
    let stream = fopen(model, "r+")
    let zeros = [UInt8](repeating: 0, count: 4096)
    fwrite(zeros, 1, zeros.count, stream)
    fclose(stream)
    #expect(truncate(model, 0) == 0)
    command.write(TestSound.raw(samples))
    command.closeInput()
    var found: [String] = []
    while let line = command.readLine() { found.append(line) }
    #expect(command.wait() == 0)
    #expect(found == expected)
  }

  /// `info` shows the model and does not run it; a million steps of this build take minutes.
  @Test func aLongSelfTestIsNotRunByInfo() throws {
    let model = try folder.write(
      try ModelBytes.withSelfTest(samples: 1_000_000, steps: 999_601, Fixture.audio), to: "long.silif")
    let command = try LiveCommand(.model, ["info", model])
    #expect(command.wait() == 0)
    // Who asks for it hears how long it takes, and half of it is no success.
    let verify = try LiveCommand(.model, ["verify", model])
    #expect(try verify.waitForError("s to go"))
    verify.send(SIGTERM)
    #expect(verify.wait() == 128 + Int(SIGTERM))
  }

  /// `kws-bench` repeats what it is given: the beginning of a long self-test will do.
  @Test func aLongSelfTestIsNotRunByBench() throws {
    let model = try folder.write(
      try ModelBytes.withSelfTest(samples: 100_000, steps: 99_601, Fixture.audio), to: "long.silif")
    let result = try Command.bench.run("--model", model, "--steps", "10", "--format", "json")
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      try parsedJSON(result.output)["input"] as? String
        == "the first 500 steps of the model's self-test input, repeated")
  }

  @Test func aSelfTestThatMakesMoreStepsThanItSays() throws {
    let model = try folder.write(
      try ModelBytes.withSelfTest(samples: 1_000_000, steps: 10, Fixture.audio), to: "more.silif")
    let result = try Command.model.run("verify", model)
    #expect(result.status == 1 && result.errors.contains("makes more than its 10 steps"), "\(result.errors)")
  }

  // MARK: What is printed

  private static let escapes = "\u{1B}[2J\u{1B}]0;title\u{7}\u{8}\u{9B}31m\r\u{85}\u{2028}\u{202E}\u{7F}\u{0}"

  /// Only lines.
  private func expectPlain(_ result: CommandResult, sourceLocation: SourceLocation = #_sourceLocation) {
    for text in [result.output, result.errors] {
      for scalar in text.unicodeScalars {
        let isPlain: Bool =
          switch scalar.value {
          case 0x0A: true
          case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: false
          default: true
          }
        #expect(isPlain, "U+\(String(scalar.value, radix: 16))", sourceLocation: sourceLocation)
      }
    }
  }

  @Test func provenanceWithEscapesAndForgedLines() throws {
    let text = "source: \(Self.escapes)x\r\n\u{1B}[1mkey\u{1B}[0m: y\n"
    let model = try folder.write(try ModelBytes.with(provenance: Array(text.utf8), Fixture.audio), to: "x.silif")
    let plain = try Command.model.run("info", model)
    #expect(plain.status == 0)
    expectPlain(plain)
    #expect(plain.output.contains("\\u{1B}[2J"), "\(plain.output)")
    let json = try Command.model.run("info", "--format", "json", model)
    expectPlain(json)
    let provenance = try #require(try parsedJSON(json.output)["provenance"] as? [String: String])
    #expect(provenance["source"]?.hasPrefix("\u{1B}[2J") == true)
    #expect(json.lines.count == 1)
  }

  /// C1 in a word: two bytes of UTF-8 that some terminals take for the beginning of an escape sequence.
  @Test func wordsWithEscapes() throws {
    let model = try folder.write(try ModelBytes.with(word: [0xC2, 0x9B, 0x6D], Fixture.audio), to: "x.silif")
    let truth = try folder.write("start_s,end_s,word\n0,1,\u{1B}[31myes\n", to: "truth.csv")
    let (wave, events) = (try sound(), folder.file("events"))
    for (command, arguments) in [
      (Command.model, ["info", model]), (.listen, ["--model", model, "--input", wave]),
      (.listen, ["--model", model, "--input", wave, "--format", "json"]), (.score, ["--model", model, wave]),
      (.score, ["--model", model, wave, "--format", "json"]),
      (.score, ["--model", model, "--stream", wave, "--truth", truth, "--events", events]),
      (.listen, ["--model", model, "--input", wave, "--keyword", "x\u{1B}[31m=0.5"]),
    ] {
      let result = try command.run(arguments)
      #expect(result.status <= 2, "\(arguments): \(result.errors)")
      expectPlain(result)
    }
  }

  @Test func namesOfFilesWithEscapesAndLineBreaks() throws {
    let name = "\u{1B}[2Jx\npass  forged.silif\u{9B}31m"
    let good = try folder.write(try TemporaryFolder.bytes(Fixture.audio), to: "\(name).silif")
    let wave = try folder.write(TestSound.wav(TestSound.samples(seconds: 1)), to: "\(name).wav")
    for (command, arguments) in [
      (Command.model, ["info", good]), (.model, ["verify", good]), (.model, ["verify", good + "-not"]),
      (.model, ["trace", good, "--input", wave, "--output", folder.file("\(name)-trace")]),
      (.listen, ["--model", good, "--input", wave]), (.listen, ["--model", good, "--input", wave + "-not"]),
      (.score, ["--model", good, wave]), (.score, ["--model", good, wave, wave + "-not"]),
      (.bench, ["--model", good, "--input", wave, "--steps", "10"]), (.model, ["info", "\u{1B}[2J"]),
      (.listen, ["--\u{1B}[2J"]),
    ] {
      let result = try command.run(arguments)
      #expect(result.status <= 2, "\(arguments): \(result.errors)")
      expectPlain(result)
      #expect(!"\n\(result.output)\n\(result.errors)".contains("\npass  forged"))
    }
  }
}
