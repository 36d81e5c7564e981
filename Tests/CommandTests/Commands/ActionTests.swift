import Foundation
import TestSupport
import Testing

/// What is done with a word: commands, files, sockets, saved sound.
@Suite struct ActionTests {
  let folder = TemporaryFolder()
  let sound: String

  init() throws { sound = try folder.write(TestSound.wav(TestSound.samples(seconds: 12)), to: "sound.wav") }

  private func listen(_ arguments: [String]) throws -> CommandResult {
    try Command.listen.run(["--model", Fixture.audio, "--input", sound] + arguments)
  }

  private var expectedWords: [String] {
    get throws { try listen([]).lines.map { String($0.split(separator: " ")[2]) } }
  }

  /// What the command says of raw sound that has come so far.
  private func words(in raw: [UInt8]) throws -> [String] {
    try Command.listen.run(["--model", Fixture.audio, "--input", "-", "--output", "word"], input: raw).lines
  }

  private func names(_ path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  @Test func aCommandForEachWordFindsItInItsEnvironment() throws {
    let script = try folder.write(
      "#!/bin/sh\necho \"$1 $KWS_WORD $KWS_SCORE $KWS_SAMPLE ${KWS_AT-none}\" >> \"$2\"\n", to: "note.sh")
    chmod(script, 0o755)
    // What a shell would take apart stays one word.
    let result = try listen(["--exec", "\(script) 'a b; $HOME' \(folder.file("notes"))", "--exec-jobs", "64"])
    #expect(result.status == 0)
    let notes = try folder.read("notes").split(separator: "\n").map(String.init)
    #expect(try notes.map { String($0.split(separator: " ")[3]) }.sorted() == expectedWords.sorted())
    for note in notes { #expect(note.wholeMatch(of: /a b; \$HOME [a-z]+ 0\.\d+ \d+ none/) != nil, "\(note)") }
  }

  /// What this command sets for itself, or was told by its service manager alone, is not for others.
  @Test(arguments: [nil, "1"]) func aCommandHasTheEnvironmentThatTheUserGave(_ threadSafe: String?) throws {
    var environment = ["NOTIFY_SOCKET": folder.file("none"), "WATCHDOG_USEC": "9000000", "MINE": "a b"]
    environment["LIBASOUND_THREAD_SAFE"] = threadSafe
    let command = try LiveCommand(
      .listen,
      [
        "--model", Fixture.audio, "--input", sound, "--exec", "env > \(folder.file("env"))", "--exec-shell", "--once",
      ], environment: environment)
    #expect(command.wait() == 0)
    let variables = try folder.read("env").split(separator: "\n").map(String.init)
    #expect(variables.contains("MINE=a b"))
    #expect(
      variables.filter { $0.hasPrefix("LIBASOUND") } == (threadSafe.map { ["LIBASOUND_THREAD_SAFE=\($0)"] } ?? []))
    #expect(!variables.contains { $0.hasPrefix("NOTIFY_") || $0.hasPrefix("WATCHDOG_") })
  }

  @Test func aShellOnlyWhenAsked() throws {
    let result = try listen([
      "--exec", "echo $KWS_WORD >> \(folder.file("shell"))", "--exec-shell", "--exec-jobs", "64",
    ])
    #expect(result.status == 0)
    #expect(try folder.read("shell").split(separator: "\n").count == expectedWords.count)
  }

  @Test func aSlowCommandDelaysNothingAndOnlySoManyRun() throws {
    // Opening it waits for a writer: the commands run until the test lets them end.
    let gate = folder.file("gate")
    mkfifo(gate, 0o600)
    defer { close(open(gate, O_RDWR)) }
    let command = try LiveCommand(
      .listen, ["--model", Fixture.audio, "--input", "-", "--exec", "cat \(gate)", "--exec-jobs", "2", "--stats"])
    command.write(TestSound.raw(TestSound.samples(seconds: 12)))
    for _ in try expectedWords { #expect(command.readLine() != nil) }
    #expect(try command.waitForError("2 commands are still running"))
    command.send(SIGTERM)
    #expect(command.wait() == 0)
    let dropped = try expectedWords.count - 2
    #expect(try command.errors.contains(#""commands":2,"commands_dropped":\#(dropped)"#))
  }

  @Test func aCommandThatDoesNotExistOrFailsIsTold() throws {
    #expect(try listen(["--exec", "/no/such/program"]).errors.contains("/no/such/program: cannot be started"))
    let result = try listen(["--exec", "sh -c 'exit 3'", "--exec-jobs", "64", "--stats"])
    #expect(result.status == 0 && result.errors.contains("ended with 3"))
    #expect(try result.errors.contains(#""commands_failed":\#(expectedWords.count)"#))
  }

  @Test func onceEndsAfterTheFirstWord() throws {
    let result = try listen(["--once"])
    #expect(result.status == 0)
    #expect(try result.lines == [listen([]).lines[0]])
    let silence = try folder.write(TestSound.wav([Int16](repeating: 0, count: 32_000)), to: "silence.wav")
    let none = try Command.listen.run("--model", Fixture.audio, "--input", silence, "--once")
    #expect(none.status == 1 && none.errors.contains("no word was heard"))
  }

  /// What is saved of a word goes on after its decision.
  @Test func onceSavesAsMuchOfTheWordAsEver() throws {
    #expect(try listen(["--save-dir", folder.file("all"), "--quiet"]).status == 0)
    let first = try parsedJSON(try listen(["--once", "--output", "json"]).lines[0])
    let decided = try #require(first["sample"] as? Int)
    let samples = TestSound.samples(seconds: 12)
    let command = try LiveCommand(
      .listen,
      ["--model", Fixture.audio, "--input", "-", "--once", "--save-dir", folder.file("once"), "--output", "word"])
    command.write(TestSound.raw(Array(samples[..<(decided + 1_600)])))
    #expect(try command.readLine() == #require(first["word"] as? String))
    command.write(TestSound.raw(Array(samples[(decided + 1_600)...])))
    #expect(command.wait() == 0)
    func saved(_ name: String) throws -> [UInt8] {
      try TemporaryFolder.bytes("\(folder.file(name))/\(try #require(names(folder.file(name)).first))")
    }
    #expect(try saved("once") == saved("all") && names(folder.file("once")).count == 1)
  }

  @Test func severalOutputsAtOnce() throws {
    let result = try listen([
      "--output", "word", "--output", "json:\(folder.file("a.jsonl"))", "--output", "text:\(folder.file("b"))",
    ])
    #expect(try result.lines == expectedWords)
    #expect(try folder.read("a.jsonl") == listen(["--output", "json"]).output)
    #expect(try folder.read("b") == listen([]).output)
    _ = try listen(["--output", "json:\(folder.file("a.jsonl"))"])
    #expect(try folder.read("a.jsonl").split(separator: "\n").count == 2 * expectedWords.count)  // appended
    #expect(try listen(["--output", "json:/no/such/folder/x"]).status == 1)
    #expect(try listen(["--output", "json", "--output", "text"]).status == 2)
    #expect(try listen(["--output", "json", "--format", "text"]).status == 2)
  }

  @Test func quietSaysNothingButErrors() throws {
    #expect(try listen(["--quiet"]).errors.isEmpty)
    #expect(try Command.listen.run("--quiet", "--input", "/no/such/file").errors.contains("no such file"))
  }

  @Test func aFullDiskIsToldAndTheRestGoesOn() throws {
    let result = try listen(["--output", "json:/dev/full", "--output", "word"])
    // A recording is heard for its lines; a microphone goes on for years.
    #expect(try result.status == 1 && result.lines == expectedWords)
    #expect(result.errors.split(separator: "\n").filter { $0.contains("/dev/full: cannot be written") }.count == 1)
    #expect(try result.errors.contains("\(expectedWords.count) lines could not be written"))
    let pipe = try LiveCommand(.listen, ["--model", Fixture.audio, "--input", "-", "--output", "json:/dev/full"])
    pipe.write(TestSound.raw(TestSound.samples(seconds: 4)))
    pipe.closeInput()
    #expect(try pipe.wait() == 0 && pipe.errors.contains("lost: could not be written"))
  }

  @Test func halfALineOfAnotherTimeDoesNotSpoilTheNext() throws {
    let file = try folder.write(Array(#"{"event":"key"#.utf8), to: "torn.jsonl")
    #expect(try listen(["--output", "json:\(file)"]).status == 0)
    let lines = try folder.read("torn.jsonl").split(separator: "\n").map(String.init)
    #expect(lines[0] == #"{"event":"key"#)
    #expect(try lines.dropFirst().map { try parsedJSON($0)["word"] as? String } == expectedWords)
  }

  @Test func aFileOfSomebodysIsNoSocket() throws {
    let notes = try folder.write(Array("notes".utf8), to: "notes.txt")
    let result = try listen(["--output", "text:unix:\(notes)"])
    #expect(result.status == 1 && result.errors.contains("notes.txt: is there already, and is no socket"))
    #expect(try folder.read("notes.txt") == "notes")
    let saved = try listen(["--save-dir", notes])
    #expect(saved.status == 1 && saved.errors.contains("notes.txt: is no folder; give another one with --save-dir"))
  }

  @Test func filesAreOpenedAnewOnHangup() throws {
    let file = folder.file("log.jsonl")
    let command = try LiveCommand(
      .listen, ["--model", Fixture.audio, "--input", "-", "--output", "json:\(file)", "--output", "word"])
    let raw = TestSound.raw(TestSound.samples(seconds: 4))
    command.write(raw)
    // Each line is in the file before it is here, and no more come of this sound.
    for _ in try words(in: raw) { #expect(command.readLine() != nil) }
    let before = try folder.read("log.jsonl")
    rename(file, file + ".1")
    command.send(SIGHUP)
    for _ in 0..<Child.patience_s * 200 where access(file, F_OK) != 0 { usleep(5_000) }
    for _ in 0..<3 { command.write(raw) }
    #expect(command.readLine() != nil)
    command.closeInput()
    #expect(command.wait() == 0)
    #expect(try !before.isEmpty && before == folder.read("log.jsonl.1"))
    for line in try folder.read("log.jsonl").split(separator: "\n") {
      #expect(try (parsedJSON(String(line))["at"] as? String)?.hasSuffix("Z") == true)
    }
    #expect(try !folder.read("log.jsonl").isEmpty)
  }

  /// As `systemctl reload` does where no output is a file.
  @Test func aReloadDoesNotEndAService() throws {
    let command = try LiveCommand(
      .listen, ["--model", Fixture.audio, "--input", "-"], environment: ["NOTIFY_SOCKET": folder.file("nobody")])
    let raw = TestSound.raw(TestSound.samples(seconds: 4))
    command.write(raw)
    for _ in try words(in: raw) { #expect(command.readLine() != nil) }
    command.send(SIGHUP)
    command.send(SIGUSR1)
    #expect(try command.waitForError(#""event":"stats""#))
    for _ in 0..<3 { command.write(raw) }
    #expect(command.readLine() != nil)
    command.closeInput()
    #expect(command.wait() == 0)
  }

  @Test func statisticsComeWhenAskedFor() throws {
    let command = try LiveCommand(.listen, ["--model", Fixture.audio, "--input", "-"])
    let raw = TestSound.raw(TestSound.samples(seconds: 4))
    command.write(raw)
    let count = try words(in: raw).count
    for _ in 0..<count { #expect(command.readLine() != nil) }
    command.send(SIGUSR1)
    #expect(try command.waitForError(#""event":"stats""#))
    command.closeInput()
    #expect(command.wait() == 0)
    let line = try #require(command.errors.split(separator: "\n").first { $0.hasPrefix("{") })
    let stats = try parsedJSON(String(line))
    #expect(stats["keywords"] as? Int == count && stats["peak_dBFS"] is Double)
  }

  @Test func aSocketServesWhoeverConnects() throws {
    let path = folder.file("words.sock")
    let file = folder.file("words.txt")
    let command = try LiveCommand(
      .listen,
      ["--model", Fixture.audio, "--input", "-"]
        + ["word:unix:\(path)", "word:\(file)", "word"].flatMap { ["--output", $0] })
    try command.waitForNotice()
    let reader = try #require(connected(to: path))
    defer { close(reader) }
    // A second program must not take it.
    #expect(try listen(["--output", "word:unix:\(path)"]).errors.contains("is another kws-listen running?"))
    command.write(TestSound.raw(TestSound.samples(seconds: 4)))
    let word = try #require(command.readLine())
    var bytes = [UInt8](repeating: 0, count: 100)
    let count = read(reader, &bytes, bytes.count)
    #expect(String(decoding: bytes[..<max(count, 0)], as: UTF8.self).hasPrefix(word + "\n"))
    // Who may read the file may connect, for which a socket's right to write is needed.
    var (socketStatus, fileStatus) = (stat(), stat())
    #expect(stat(path, &socketStatus) == 0 && stat(file, &fileStatus) == 0)
    #expect(socketStatus.st_mode & 0o222 == (fileStatus.st_mode & 0o444) >> 1)
    command.closeInput()
    #expect(command.wait() == 0)
    #expect(access(path, F_OK) != 0)
  }

  /// nil: nobody lets it in.
  private func connected(to path: String) -> Int32? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let reader = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    for _ in 0..<Child.patience_s * 200 {
      let code = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(reader, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      if code == 0 {
        _ = fcntl(reader, F_SETFL, 0)
        return reader
      }
      usleep(5_000)
    }
    close(reader)
    return nil
  }

  /// However many came and went since the last word, which may be hours ago.
  @Test func whoConnectsBetweenWordsIsLetInAtOnce() throws {
    let path = folder.file("words.sock")
    let command = try LiveCommand(
      .listen, ["--model", Fixture.audio, "--input", "-", "--output", "word:unix:\(path)", "--output", "word"])
    try command.waitForNotice()
    for _ in 0..<300 { close(try #require(connected(to: path))) }
    var readers: [Int32] = []
    defer { for reader in readers { close(reader) } }
    // Fewer than may: a process that another test starts may hold one that has gone for a moment.
    for _ in 0..<24 { readers.append(try #require(connected(to: path))) }
    command.write(TestSound.raw(TestSound.samples(seconds: 4)))
    let word = try #require(command.readLine())
    for reader in readers {
      var bytes = [UInt8](repeating: 0, count: 100)
      let count = read(reader, &bytes, bytes.count)
      #expect(String(decoding: bytes[..<max(count, 0)], as: UTF8.self).hasPrefix(word + "\n"))
    }
    command.closeInput()
    #expect(command.wait() == 0)
  }

  @Test func aPipeThatNobodyReadsHoldsUpNothing() throws {
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let command = try LiveCommand(
      .listen, ["--model", Fixture.audio, "--input", "-", "--output", "word:\(pipe)", "--output", "word", "--stats"])
    let raw = TestSound.raw(TestSound.samples(seconds: 4))
    let count = try words(in: raw).count
    command.write(raw)
    for _ in 0..<count { #expect(command.readLine() != nil) }
    #expect(try command.errors.contains("pipe: nobody reads this pipe yet; lines are lost until somebody does"))
    let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    defer { close(reader) }
    command.write(raw)
    let word = try #require(command.readLine())
    command.send(SIGTERM)
    #expect(command.wait() == 0)
    var bytes = [UInt8](repeating: 0, count: 100)
    #expect(String(decoding: bytes[..<max(read(reader, &bytes, bytes.count), 0)], as: UTF8.self).hasPrefix(word + "\n"))
    #expect(try command.errors.contains(#""lines_lost":\#(count),"#))
  }

  @Test func aRecordingWaitsForWhoeverReadsThePipe() throws {
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let arguments = ["--model", Fixture.audio, "--input", sound, "--output", "word:\(pipe)"]
    let stopped = try LiveCommand(.listen, arguments)
    #expect(try stopped.waitForError("pipe: nobody reads this pipe yet; waiting"))
    stopped.send(SIGTERM)
    #expect(stopped.wait() == 0)
    let command = try LiveCommand(.listen, arguments)
    #expect(try command.waitForError("waiting"))
    let lines = try TemporaryFolder.bytes(pipe)
    #expect(try String(decoding: lines, as: UTF8.self) == expectedWords.map { $0 + "\n" }.joined())
    #expect(command.wait() == 0)
  }

  /// Events of a recording, more than a pipe of a page holds.
  private func slowlyRead(_ pipe: String) throws -> (command: LiveCommand, reader: Int32, lines: String) {
    let long = try folder.write(TestSound.wav(TestSound.samples(seconds: 60)), to: "long.wav")
    let arguments = ["--model", Fixture.audio, "--threshold", "0.25", "--input", long]
    let lines = try Command.listen.run(arguments + ["--output", "json"]).output
    #expect(lines.utf8.count > 8_192)
    #expect(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    #expect(fcntl(reader, 1031, 4096) == 4096)  // F_SETPIPE_SZ
    let command = try LiveCommand(.listen, arguments + ["--output", "json:\(pipe)"])
    var (waiting, before) = (Int32(0), Int32(-1))
    while waiting == 0 || waiting != before {
      before = waiting
      usleep(200_000)
      _ = ioctl(reader, UInt(FIONREAD), &waiting)
    }
    return (command, reader, lines)
  }

  @Test func aSlowReaderOfAPipeMissesNoLineWhateverSignalsCome() throws {
    let (command, reader, lines) = try slowlyRead(folder.file("pipe"))
    defer { close(reader) }
    for _ in 0..<5 {
      command.send(SIGUSR1)
      usleep(20_000)
    }
    var received: [UInt8] = []
    _ = fcntl(reader, F_SETFL, 0)
    while true {
      var block = [UInt8](repeating: 0, count: 4096)
      let count = read(reader, &block, block.count)
      guard count > 0 else { break }
      received += block[..<count]
    }
    #expect(command.wait() == 0)
    #expect(String(decoding: received, as: UTF8.self) == lines)
  }

  @Test func oneRequestEndsTheWaitForASlowReader() throws {
    let (command, reader, _) = try slowlyRead(folder.file("pipe"))
    defer { close(reader) }
    command.send(SIGTERM)
    #expect(command.wait() == 0)
  }

  @Test func soundAroundEachWordIsSaved() throws {
    let saved = folder.file("saved")
    let result = try listen(["--save-dir", saved, "--output", "json", "--stats"])
    #expect(result.status == 0)
    let files = names(saved)
    #expect(try files.count == expectedWords.count)
    let all = TestSound.samples(seconds: 12)
    let events = try result.lines.map { try parsedJSON($0) }
    #expect(files.allSatisfy { $0.wholeMatch(of: /\d{8}T\d{6}\.\d{3}Z-[a-z]+-\d\.\d\d\.wav/) != nil })
    // Two may be of the same millisecond, so each is found by its content.
    for event in events {
      let at = try #require(event["sample"] as? Int)
      let wanted = TestSound.wav(Array(all[max(at - 32_000, 0)..<min(at + 8_000, all.count)]))
      #expect(try files.contains { try TemporaryFolder.bytes("\(saved)/\($0)") == wanted })
    }
    #expect(result.errors.contains(#""saved":\#(events.count),"saves_lost":0"#))
  }

  @Test func theOldestSavedSoundGoesFirstAndNothingElse() throws {
    try folder.write("mine", to: "saved/notes.txt")
    try folder.write([UInt8](repeating: 0, count: 50_000), to: "saved/20200101T000000.000Z-yes-0.90.wav")
    // Half written by a run that was killed, long ago and now.
    let half = try folder.write("half", to: "saved/20200101T000000.000Z-no-0.90.wav.part")
    try folder.write("half", to: "saved/20201231T000000.000Z-no-0.90.wav.part")
    var times = [timeval(tv_sec: 1_000_000_000, tv_usec: 0), timeval(tv_sec: 1_000_000_000, tv_usec: 0)]
    #expect(utimes(half, &times) == 0)
    _ = try listen(["--save-dir", folder.file("saved"), "--save-limit", "200K"])
    let files = names(folder.file("saved"))
    #expect(files.contains("notes.txt") && !files.contains { $0.hasPrefix("20200101") })
    #expect(files.contains("20201231T000000.000Z-no-0.90.wav.part"))
    #expect(files.count >= 3 && files.count <= 5)  // 80 kB each
  }

  @Test func nearMissesAreReportedAndSavedOnRequest() throws {
    let near = folder.file("near")
    func listen(_ more: String...) throws -> CommandResult {
      let demo = try folder.write(TestSound.wav(FaultyMicrophone.demo()), to: "demo.wav")
      return try Command.listen.run(
        [
          "--model", FaultyMicrophone.model, "--input", demo, "--threshold", "1", "--output", "json", "--save-dir",
          near,
        ]
          + more)
    }
    #expect(try listen().lines.isEmpty && names(near).isEmpty)
    let result = try listen("--near-misses", "0.7")
    #expect(result.lines.count == 7 && result.lines.allSatisfy { $0.hasPrefix(#"{"event":"near_miss","word":"#) })
    #expect(result.lines.allSatisfy { $0.contains(#""probability":0."#) })
    let files = names(near)
    #expect(files.count == 7 && files.allSatisfy { $0.contains("Z-near-") })
  }

  @Test(arguments: [
    ["--exec-jobs", "2"], ["--exec", "'"], ["--exec", ""], ["--save-limit", "5M"], ["--near-misses", "2"],
    ["--save-dir", "x", "--save-limit", "-5"], ["--output", "xml"],
  ]) func wrongOptions(arguments: [String]) throws {
    #expect(try listen(arguments).status == 2)
  }
}

/// The service manager's side of sd_notify.
@Suite struct NotifyTests {
  @Test func aWatchdogOfAgesIsNone() throws {
    let folder = TemporaryFolder()
    let sound = try folder.write(TestSound.wav([0]), to: "x.wav")
    let command = try LiveCommand(
      .listen, ["--model", Fixture.audio, "--input", sound],
      environment: ["NOTIFY_SOCKET": folder.file("nobody"), "WATCHDOG_USEC": "18446744073709551615"])
    #expect(command.wait() == 0)
  }

  @Test func readyAliveAndStopping() throws {
    let folder = TemporaryFolder()
    let path = folder.file("notify")
    let server = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(server) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(server, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(bound == 0)
    func message() -> String? {
      var entry = pollfd(fd: server, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, Int32(Child.patience_s * 1000)) > 0 else { return nil }
      var bytes = [UInt8](repeating: 0, count: 500)
      let count = recv(server, &bytes, bytes.count, 0)
      return String(decoding: bytes[..<max(count, 0)], as: UTF8.self)
    }
    let microphone = try FaultyMicrophone(["audio 20000", "gone", "absent 1000000"])
    let command = try LiveCommand(
      .listen, ["--device", FaultyMicrophone.device, "--model", FaultyMicrophone.model],
      environment: [
        "ALSA_CONFIG_PATH": microphone.configuration, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000000",
      ])
    #expect(message() == "READY=1\nSTATUS=listening")
    #expect(message() == "WATCHDOG=1")  // sound goes through
    #expect(message() == "STATUS=no sound from the device (gone); waiting for it")
    for _ in 0..<2 { #expect(message() == "WATCHDOG=1") }  // it waits
    command.send(SIGTERM)
    var last = message()
    while last == "WATCHDOG=1" { last = message() }
    #expect(last == "STOPPING=1")
    #expect(command.wait() == 0)
  }
}

/// examples/shell, as they are.
@Suite struct ShellExampleTests {
  let folder = TemporaryFolder()
  let words = ["yes", "stop", "left", "right", "down", "off", "no"]

  private var root: String { Fixture.audio.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } }

  private func run(_ script: String, _ arguments: [String], input: String? = nil, environment: [String: String] = [:])
    throws
    -> CommandResult
  {
    let commands = Command.listen.path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
    var environment = environment
    environment["PATH"] = "\(commands):/usr/local/bin:/usr/bin:/bin:/usr/sbin"
    let child = try Child(
      "\(root)/examples/shell/\(script)", arguments,
      files: [
        (0, input ?? "/dev/null", O_RDONLY), (1, folder.file("out"), O_WRONLY | O_TRUNC),
        (2, folder.file("err"), O_WRONLY | O_TRUNC),
      ], environment: environment)
    let status = child.wait()
    return CommandResult(status: status, output: try folder.read("out"), errors: try folder.read("err"))
  }

  private func lacks(_ program: String) -> Bool {
    let isThere = ["/usr/bin", "/usr/sbin", "/bin", "/usr/local/bin"].contains { access("\($0)/\(program)", X_OK) == 0 }
    if !isThere && ProcessInfo.processInfo.environment["SILIF_REQUIRE_SHARED"] == "1" {
      Issue.record("\(program) is not installed")
    } else if !isThere {
      print("skipped: \(program) is not installed")
    }
    return !isThere
  }

  private var demo: [String] { ["--model", FaultyMicrophone.model, "--input", "\(root)/models/demo.flac"] }

  @Test func loop() throws {
    let lines = try run("loop.sh", demo).lines
    #expect(
      lines.count == words.count && lines[0].wholeMatch(of: /heard 'yes' \(0\.93\), probability \d+ %/) != nil
        && lines[5].hasPrefix("lights off at"))
  }

  @Test func filter() throws {
    if lacks("jq") { return }
    let all = try run("filter.sh", ["0"] + demo).lines
    #expect(all.map { String($0.split(separator: " ")[0]) } == words)
    let some = try run("filter.sh", ["0.925"] + demo).lines
    #expect(!some.isEmpty && some.count < all.count && some.allSatisfy { all.contains($0) })
  }

  @Test func wakeCommand() throws {
    let raw = try folder.write(TestSound.raw(FaultyMicrophone.demo()), to: "demo.raw")
    let result = try run("wake-command.sh", ["--model", FaultyMicrophone.model], input: raw)
    #expect(result.lines == words && result.errors.isEmpty)
  }

  /// One that the system gives to who asks for none.
  private func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) | getsockname(descriptor, $0, &length)
      }
    }
    try #require(code == 0)
    return UInt16(bigEndian: address.sin_port)
  }

  @Test func mqtt() throws {
    if lacks("mosquitto") || lacks("mosquitto_pub") || lacks("mosquitto_sub") { return }
    let log = folder.file("broker.log")
    func logSays(_ parts: String...) throws -> String? {
      for _ in 0..<Child.patience_s * 100 {
        let text = try folder.read("broker.log")
        if let found = parts.first(where: text.contains) { return found }
        usleep(10_000)
      }
      return nil
    }
    var port = ""
    var broker: Child
    repeat {
      // Free a moment ago; another program may have taken it since.
      port = "\(try freePort())"
      let configuration = try folder.write("listener \(port) 127.0.0.1\nallow_anonymous true\n", to: "broker.conf")
      broker = try Child(
        access("/usr/sbin/mosquitto", X_OK) == 0 ? "/usr/sbin/mosquitto" : "/usr/bin/mosquitto",
        ["-v", "-c", configuration],
        files: [(1, log, O_WRONLY | O_APPEND | O_TRUNC), (2, log, O_WRONLY | O_APPEND)])
    } while try logSays("running", "Address already in use") != "running"
    let subscriber = try Child(
      "/usr/bin/mosquitto_sub",
      [
        "-h", "127.0.0.1", "-p", port, "-t", "home/words", "-C", "\(words.count)", "-q", "1", "-W",
        "\(Child.patience_s)",
      ],
      files: [(1, folder.file("received"), O_WRONLY)])
    #expect(try logSays("SUBACK") != nil)
    let result = try run(
      "mqtt.sh", demo, environment: ["MQTT_HOST": "127.0.0.1", "MQTT_PORT": port, "MQTT_TOPIC": "home/words"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(subscriber.wait() == 0)
    let received = try folder.read("received").split(separator: "\n").map { try parsedJSON(String($0)) }
    #expect(received.map { $0["word"] as? String } == words)
    broker.send(SIGTERM)
    _ = broker.wait()
  }
}
