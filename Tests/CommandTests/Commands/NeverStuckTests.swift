import Glibc
import TestSupport
import Testing

/// Nothing that others do, or leave undone, stops a command for good.
@Suite struct NeverStuckTests {
  let folder = TemporaryFolder()

  private func stream(seconds: Double) throws -> [String] {
    let wave = try folder.write(TestSound.wav(TestSound.samples(seconds: seconds)), to: "x.wav")
    let truth = try folder.write("start_s,end_s,word\n", to: "truth.csv")
    return ["--model", Fixture.audio, "--stream", wave, "--truth", truth]
  }

  /// Ten hours of silence, of which the disk holds nothing: no machine is through with it before a signal comes.
  private func longStream() throws -> [String] {
    let byteCount = 10 * 3600 * 2 * TestSound.rate_hz
    let wave = try folder.write(TestSound.wav([], declared_bytes: UInt32(byteCount)), to: "x.wav")
    #expect(truncate(wave, 44 + byteCount) == 0)
    let truth = try folder.write("start_s,end_s,word\n", to: "truth.csv")
    return ["--model", Fixture.audio, "--stream", wave, "--truth", truth]
  }

  private func child(_ path: String, _ arguments: [String]) throws -> Child {
    try Child(
      path, arguments,
      files: [
        (0, "/dev/null", O_RDONLY), (1, folder.file("stdout"), O_WRONLY), (2, folder.file("stderr"), O_WRONLY),
      ])
  }

  /// What it says of how far it is, with the next seconds of sound: it hears by then.
  private func answer(of process: Child) throws -> String {
    guard try process.waitUntilItHandles(SIGUSR2) else { return "" }
    for _ in 0..<Child.patience_s * 10 {
      process.send(SIGUSR1)
      usleep(100_000)
      let errors = try folder.read("stderr")
      if errors.hasSuffix("\n") { return errors }
    }
    return ""
  }

  /// Results go on, and the next message that is read says how many were lost.
  @Test func standardErrorThatNobodyReads() throws {
    let pipe = privatePipe()
    let process = try Child(
      Command.model.path, ["verify"] + (0..<3000).map { "/nowhere/\($0)" },
      files: [(0, "/dev/null", O_RDONLY), (1, folder.file("stdout"), O_WRONLY)], descriptors: [(2, pipe.writing)])
    close(pipe.writing)
    defer { close(pipe.reading) }
    #expect(process.wait() == 1)
    #expect(try folder.read("stdout").split(separator: "\n").count == 3000)
  }

  /// It was deaf to signals, and took a whole core.
  @Test(arguments: ["interrupted", "empty"]) func inputThatPromisesForEver(fault: String) throws {
    let library = folder.file("fault.so")
    try FaultyMicrophone.compile("interrupted_input.c", to: library, "-ldl", in: folder)
    let command = try LiveCommand(
      .listen, ["--model", Fixture.audio, "--input", "-"], environment: ["LD_PRELOAD": library, "INPUT_FAULT": fault])
    try command.waitForNotice()
    #expect(command.rests)
    command.send(SIGTERM)
    #expect(command.wait() == 0)
  }

  @Test func hangUpEndsInOrder() throws {
    let process = try child(Command.score.path, try longStream())
    #expect(try answer(of: process) != "")
    process.send(SIGHUP)
    #expect(process.wait() == 128 + Int(SIGHUP))
    #expect(try folder.read("stdout").contains("(interrupted)"))
  }

  /// The report has the seeds that were done: fewer than were asked for.
  @Test func stoppedBetweenSeedsItSaysSo() throws {
    let wave = try folder.write(TestSound.wav(TestSound.samples(seconds: 30)), to: "clip.wav")
    let process = try child(Command.score.path, ["--model", Fixture.sampling, "--seeds", "1000", wave])
    var asked = 0
    while try !answer(of: process).contains("kws-score: seed ") && asked < 100 { asked += 1 }
    process.send(SIGTERM)
    #expect(process.wait() == 128 + Int(SIGTERM))
    let errors = try folder.read("stderr")
    #expect(errors.contains("kws-score: interrupted: the report covers what was done\n"), "\(errors)")
    #expect(try folder.read("stdout").contains("0 failed, interrupted"))
  }

  @Test func hangUpIsIgnoredWhereItWasIgnored() throws {
    let script = "trap '' HUP; exec \"$0\" \"$@\""
    let process = try child("/bin/sh", ["-c", script, Command.score.path] + (try stream(seconds: 30)))
    // Which the shell does not: it is kws-score by then.
    #expect(try process.waitUntilItHandles(SIGUSR2))
    process.send(SIGHUP)
    #expect(process.wait() == 0)
    let output = try folder.read("stdout")
    #expect(output.contains("hits") && !output.contains("interrupted"))
  }

  /// Their default ends a process.
  @Test func userSignals() throws {
    let process = try child(Command.score.path, try longStream())
    #expect(try process.waitUntilItHandles(SIGUSR2))
    process.send(SIGUSR2)
    let errors = try answer(of: process)
    process.send(SIGTERM)
    #expect(process.wait() == 128 + Int(SIGTERM))
    #expect(errors.hasPrefix("kws-score: ") && errors.hasSuffix(" min\n"), "\(errors)")
  }

  @Test func moreJobsThanThereIsMemoryFor() throws {
    for index in 0..<64 { try folder.write(TestSound.wav(TestSound.samples(4000)), to: "clips/\(index).wav") }
    let result = try Command.score.runIn(
      shell: "ulimit -v 100000; exec \"$0\" --model '\(Fixture.audio)' --jobs 64 '\(folder.path)/clips'")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains(" of 64 jobs ran: there was no memory for more; see --jobs"), "\(result.errors)")
    #expect(result.output.contains("64, 0 labelled, 0 failed"))
  }
}
