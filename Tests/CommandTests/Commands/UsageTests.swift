import TestSupport
import Testing

/// Exit code 2 and a message on standard error for wrong usage; help and version on standard output.
@Suite struct UsageTests {
  static let commands: [Command] = [.listen, .score, .model, .bench]

  @Test(arguments: commands) func helpHasExamples(_ command: Command) throws {
    let result = try command.run("--help")
    #expect(result.status == 0)
    #expect(result.output.contains("Examples:"))
    #expect(result.output.contains("  \(command.rawValue)"))
    #expect(result.errors.isEmpty)
  }

  @Test(arguments: commands) func versionIsPrinted(_ command: Command) throws {
    let result = try command.run("--version")
    #expect(result.status == 0)
    #expect(result.output == "0.1.0\n")
  }

  @Test(arguments: commands) func unknownFlagIsWrongUsage(_ command: Command) throws {
    let result = try command.run("--no-such-flag")
    #expect(result.status == 2)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains("--no-such-flag"))
  }

  @Test(arguments: [
    (Command.listen, ["--device"], "--device"),
    (.listen, ["--device", "hw:0", "--input", "x.wav"], "exclude each other"),
    (.listen, ["--threshold", "1.5"], "0 to 1"),
    (.listen, ["--threshold", "-1"], "-1"),
    (.listen, ["--duration", "-3"], "'-3'"),
    (.listen, ["--keyword", "yes"], "yes"),
    (.listen, ["--keyword", "yes=2"], "yes=2"),
    (.listen, ["--duration", "soon"], "soon"),
    (.listen, ["--format", "xml"], "xml"),
    (.listen, ["extra"], "extra"),
    (.score, [], "one of"),
    (.score, ["x.wav", "--list", "y.txt"], "not several"),
    (.score, ["x.wav", "--root", "y"], "--list"),
    (.score, ["x.wav", "--labels", "y.npy"], "--frames"),
    (.score, ["x.wav", "--truth", "y.csv"], "--stream"),
    (.score, ["--stream", "x.wav"], "--truth"),
    (.score, ["x.wav", "--threshold", "0.5"], "--stream"),
    (.score, ["x.wav", "--jobs", "0"], "--jobs"),
    (.score, ["x.wav", "--jobs", "-1"], "not -1"),
    (.model, ["trace", Fixture.audio], "--input"),
    (.model, ["trace", Fixture.audio, "--input", "x.wav", "--clip", "1"], "--clip"),
    (.bench, ["--steps", "1"], "--steps"),
    (.bench, ["--kernels", "abacus"], "swift"),
    (.bench, ["--table", "--input", "x.wav"], "--input"),
  ])
  func wrongUsage(_ command: Command, _ arguments: [String], _ part: String) throws {
    let result = try command.run(arguments)
    #expect(result.status == 2)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains(part), "\(result.errors)")
  }

  @Test func unknownWordListsTheWords() throws {
    for word in ["maybe", "unknown", "silence"] {
      let result = try Command.listen.run("--model", Fixture.audio, "--input", "-", "--keyword", "\(word)=0.5")
      #expect(result.status == 2)
      #expect(result.errors.contains("'\(word)'"))
      #expect(result.errors.contains("yes, no, stop"))
    }
  }

  @Test func withoutASubcommandTheHelpIsShown() throws {
    let result = try Command.model.run([])
    #expect(result.status == 0)
    #expect(result.output.contains("verify"))
  }
}
