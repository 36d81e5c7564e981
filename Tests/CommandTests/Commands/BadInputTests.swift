import Glibc
import TestSupport
import Testing

/// One clear message on standard error and exit code 1.
@Suite struct BadInputTests {
  let folder: TemporaryFolder

  init() throws { folder = TemporaryFolder() }

  private func expectFailure(
    _ command: Command, _ arguments: [String], saying parts: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let result = try command.run(arguments)
    #expect(result.status == 1, "\(result.errors)", sourceLocation: sourceLocation)
    #expect(result.output.isEmpty, sourceLocation: sourceLocation)
    for part in parts {
      #expect(result.errors.contains(part), "\(result.errors)", sourceLocation: sourceLocation)
    }
    #expect(
      result.errors.split(separator: "\n").filter { !$0.contains("listening to") && !$0.contains("heard") }.count == 1,
      "\(result.errors)", sourceLocation: sourceLocation)
  }

  // MARK: Model files

  @Test func modelThatIsNotThere() throws {
    try expectFailure(.model, ["info", "/nowhere/x.silif"], saying: "/nowhere/x.silif", "no such model file")
    try expectFailure(
      .model, ["info", "no-such-model"], saying: "no-such-model", "/models/", "/share/silif",
      "has a slash or ends in .silif")
    try expectFailure(.model, ["info", folder.path + "/"], saying: "is a folder")
  }

  @Test func modelTruncated() throws {
    let whole = try TemporaryFolder.bytes(Fixture.audio)
    for length in [0, 1, 8, 19, 31, 32, 100, whole.count / 2, whole.count - 1] {
      let file = try folder.write(Array(whole[..<length]), to: "cut\(length).silif")
      try expectFailure(.model, ["info", file], saying: "cut\(length).silif", "copy or export it again")
    }
  }

  @Test func modelWithAFlippedBit() throws {
    let whole = try TemporaryFolder.bytes(Fixture.audio)
    for offset in [20, 40, 700, 3000, whole.count - 1] {
      var bytes = whole
      bytes[offset] ^= 0x10
      let file = try folder.write(bytes, to: "flipped.silif")
      try expectFailure(.model, ["info", file], saying: "flipped.silif", "checksum", "damaged")
    }
  }

  @Test func modelOfAnotherKindOrVersion() throws {
    var bytes = try TemporaryFolder.bytes(Fixture.audio)
    bytes[8] = 9
    try expectFailure(.model, ["info", try folder.write(bytes, to: "v9.silif")], saying: "version 9")
    try expectFailure(
      .model, ["info", try folder.write("RIFF no model at all", to: "x.silif")], saying: "not a .silif model")
    bytes[8] = 1
    // Total length and section count that no file has.
    for offset in [15, 11] {
      var absurd = bytes
      absurd[offset] = 0xFF
      try expectFailure(.model, ["info", try folder.write(absurd, to: "absurd.silif")], saying: "absurd.silif")
    }
  }

  @Test func modelWithoutFrontEndCannotHear() throws {
    let sound = try folder.write(TestSound.wav(TestSound.samples(seconds: 1)), to: "x.wav")
    for (command, arguments) in [
      (Command.listen, ["--input", sound]), (.score, [sound]), (.bench, ["--input", sound]),
    ] {
      try expectFailure(command, ["--model", Fixture.counts] + arguments, saying: "counts.silif", "no front end")
    }
  }

  // MARK: Sound

  @Test func soundThatIsNone() throws {
    let empty = try folder.write([], to: "empty.wav")
    let text = try folder.write("This is a text and no sound, whatever its name says.\n", to: "text.wav")
    let headerOnly = try folder.write(TestSound.wav([]), to: "header.wav")
    let cut = try folder.write(Array(TestSound.wav(TestSound.samples(seconds: 1))[..<20]), to: "cut.wav")
    for file in [empty, text, headerOnly, cut, "/nowhere/x.wav", folder.path] {
      let name = String(file.split(separator: "/").last!)
      try expectFailure(.listen, ["--model", Fixture.audio, "--input", file], saying: name)
      try expectFailure(
        .model, ["trace", Fixture.audio, "--input", file, "--output", "\(folder.path)/t"], saying: name)
    }
    #expect(access("\(folder.path)/t", F_OK) != 0, "a trace that failed left its folder")
  }

  @Test func standardInputWithoutSound() throws {
    let arguments = ["--model", Fixture.audio, "--input", "-"]
    let text = String(repeating: "This is a text and no sound.\n", count: 4)
    for (input, part) in [("", "without a sample"), (text, "looks like text")] {
      let result = try Command.listen.run(arguments, input: Array(input.utf8))
      #expect(result.status == 1)
      #expect(result.errors.contains("kws-listen: standard input: "))
      #expect(result.errors.contains(part), "\(result.errors)")
      #expect(!result.errors.contains("heard"), "\(result.errors)")
    }
  }

  /// Whatever the program opens itself must not take the place of a descriptor that its parent closed.
  @Test func closedDescriptors() throws {
    let sound = try folder.write(TestSound.wav(TestSound.samples(seconds: 10)), to: "x.wav")
    for (closed, input) in [("0<&-", "-"), ("1>&-", sound)] {
      let errors = "\(folder.path)/errors"
      let shell = "'\(Command.listen.path)' --model '\(Fixture.audio)' --input '\(input)' \(closed)"
      let child = try Child("/bin/sh", ["-c", shell], files: [(2, errors, O_WRONLY | O_TRUNC)])
      #expect(child.wait() == 1)
      #expect(try folder.read("errors").lowercased().contains("bad file descriptor"))
    }
  }

  @Test func rootThatIsNone() throws {
    let list = try folder.write("yes/a.wav\nyes/b.wav\n", to: "list.txt")
    try expectFailure(
      .score, ["--model", Fixture.audio, "--list", list, "--root", "/nowhere"], saying: "/nowhere", "--root")
  }

  @Test func deviceThatIsNotThere() throws {
    try expectFailure(
      .listen, ["--model", Fixture.audio, "--device", "hw:31"], saying: "hw:31", "--list-devices")
  }
}
