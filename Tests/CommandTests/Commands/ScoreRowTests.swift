import Foundation
import TestSupport
import Testing

/// `kws-score --each --format csv|jsonl`: a row for each clip, and going on where a run ended.
@Suite struct ScoreRowTests {
  let folder: TemporaryFolder
  private var table: String { "\(folder.path)/table" }

  init() throws {
    folder = TemporaryFolder()
    for index in 0..<8 {
      let samples = TestSound.samples(seconds: 0.5 + 0.1 * Double(index), seed: UInt64(index + 1))
      try folder.write(TestSound.wav(samples), to: "words/\(index % 2 == 0 ? "yes" : "bed")/\(index), \"quoted\".wav")
    }
    try folder.write("no sound", to: "words/yes/bad.wav")
  }

  /// One of the clips is no sound.
  private func score(_ arguments: String...) throws -> CommandResult {
    let result = try Command.score.run(
      ["--model", Fixture.audio, "\(folder.path)/words", "--each"] + arguments)
    #expect(result.status == 1, "\(result.errors)")
    return result
  }

  @Test func rowsOfJSONHoldWhatTheReportSays() throws {
    let report = try parsedJSON(try score("--format", "json").output)
    let results = try #require(report["results"] as? [[String: Any]])
    let rows = try score("--format", "jsonl").lines.map { try parsedJSON($0) }
    #expect(rows.count == 9)
    let scored = rows.filter { $0["error"] == nil }
    #expect(scored.map { $0["path"] as? String } == results.map { $0["path"] as? String })
    for (row, result) in zip(scored, results) {
      #expect(row["word"] as? String == result["word"] as? String)
      #expect(row["label"] as? String == result["label"] as? String)
      #expect(row["score"] as? Double == result["score"] as? Double)
      let probabilities = try #require(row["probabilities"] as? [String: Double])
      #expect(abs(probabilities.values.reduce(0, +) - 1) < 1e-3)
      #expect(abs(probabilities.values.max()! - (row["score"] as? Double ?? 0)) < 5.1e-5)
    }
    let spikes = scored.reduce(0) { $0 + ($1["spikes"] as? Int ?? 0) }
    #expect(abs(Double(spikes) / 8 - (report["spikes_per_clip"] as? Double ?? 0)) < 1e-3)
    let failed = try #require(rows.first { $0["error"] != nil })
    #expect((failed["path"] as? String)?.hasSuffix("bad.wav") == true)
  }

  @Test func rowsOfCSVAreQuotedAndStandInOrderWhateverTheJobs() throws {
    let one = try score("--format", "csv", "--jobs", "1").output
    #expect(try score("--format", "csv", "--jobs", "5").output == one)
    let lines = one.split(separator: "\n")
    #expect(lines.count == 10)
    #expect(
      lines[0] == "path,model,label,word,score,probability,steps,spikes,p_yes,p_no,p_stop,p_unknown,p_silence,error")
    #expect(lines[1].hasPrefix("\"\(folder.path)/words/bed/1, \"\"quoted\"\".wav\","))
    #expect(lines[1].contains(",unknown,"))
  }

  @Test(arguments: ["csv", "jsonl"]) func aRunThatWasKilledAnywhereIsCompleted(_ format: String) throws {
    _ = try score("--format", format, "--output", table)
    let whole = try folder.read("table")
    let bytes = Array(whole.utf8)
    for end in [0, 5, 90, bytes.count / 3, bytes.count / 2, bytes.count - 1] {
      try folder.write(Array(bytes[..<end]), to: "table")
      _ = try score("--format", format, "--output", table, "--resume")
      #expect(try folder.read("table") == whole, "cut after \(end)")
    }
    // Nothing is left to do, and it is still said what could not be scored.
    let again = try score("--format", format, "--output", table, "--resume")
    #expect(again.errors.contains("of its first 9 rows 1 tell an error"))
    #expect(try folder.read("table") == whole)
  }

  /// A table is read some rows at a time, wherever in a row the reading ends: these have their path at both ends.
  @Test func longTablesAreCompleted() throws {
    let roundabout = String(repeating: "./", count: 1_800)
    let lines = (0..<400).map { "\(roundabout)yes/none \($0).wav" } + [roundabout + "yes/0, \"quoted\".wav"]
    func list(_ lines: [String]) throws { try folder.write(lines.joined(separator: "\n"), to: "list") }
    func score(_ more: String...) throws -> CommandResult {
      try Command.score.run(
        [
          "--model", Fixture.audio, "--list", folder.file("list"), "--root", "\(folder.path)/words", "--each",
          "--format", "csv", "--output", table,
        ] + more)
    }
    try list(lines)
    #expect(try score().status == 1)
    let whole = try TemporaryFolder.bytes(table)
    #expect(whole.count > 2_800_000)
    for end in [1 << 20, whole.count - 1, whole.count] {
      try folder.write(Array(whole[..<end]), to: "table")
      let result = try score("--resume")
      let rows = whole[..<end].count { $0 == 0x0A } - 1
      #expect(result.errors.contains("of its first \(rows) rows \(min(rows, 400)) tell an error"))
      #expect(try TemporaryFolder.bytes(table) == whole, "cut after \(end)")
    }
    // Of a row far behind the first ones it is seen that it is another clip's.
    try list(lines[..<390] + ["yes/bad.wav"] + lines[391...])
    #expect(try score("--resume").errors.contains("row 391 is not about"))
    #expect(try TemporaryFolder.bytes(table) == whole)
  }

  /// A row tells the name of its model's file, and nothing of the options.
  @Test func rowsOfAnotherModelOfThatNameOrOfOtherOptionsAreNotMixedIn() throws {
    _ = try score("--format", "csv", "--output", table)
    let rows = try folder.read("table").split(separator: "\n", omittingEmptySubsequences: false)
    // To the middle of a row, which stays where the rest does not fit.
    let part = rows[..<4].joined(separator: "\n") + "\n" + rows[4].prefix(rows[4].count / 2)
    let name = String(Fixture.audio.split(separator: "/").last ?? "")
    let other = try folder.write(try ModelBytes.withOtherWeights(Fixture.audio), to: "other/\(name)")
    for more in [["--model", other], ["--gain", "10"]] {
      try folder.write(Array(part.utf8), to: "table")
      let result = try Command.score.run(
        (more[0] == "--model" ? [] : ["--model", Fixture.audio]) + more
          + ["\(folder.path)/words", "--each", "--format", "csv", "--output", table, "--resume"])
      #expect(result.status == 1)
      #expect(result.errors.contains("is not what this model, these options"), "\(result.errors)")
      #expect(try folder.read("table") == part)
    }
  }

  /// A quote with an accent on it is a quote.
  @Test func everyQuoteOfANameIsDoubled() throws {
    let clip = TestSound.wav(TestSound.samples(1_600))
    for name in ["\"\u{301},x", "q\"\u{FE0F}", "\u{301}"] { try folder.write(clip, to: "odd/yes/\(name).wav") }
    let result = try Command.score.run(
      "--model", Fixture.audio, "\(folder.path)/odd", "--each", "--format", "csv")
    #expect(result.status == 0)
    let rows = result.output.unicodeScalars.split(separator: "\n").map { String($0) }
    let folder = "\(self.folder.path)/odd/yes/"
    for (row, start) in zip(
      rows[1...], ["\"\(folder)\"\"\u{301},x.wav\",", "\"\(folder)q\"\"\u{FE0F}.wav\",", "\(folder)\u{301}.wav,"])
    {
      #expect(row.utf8.starts(with: start.utf8), "\(row)")
      // The folder above the name, whatever the name begins with.
      #expect(row.contains(",yes,"))
    }
  }

  @Test func aPipeIsWrittenToWhileItIsRead() throws {
    for index in 0..<200 { try folder.write(TestSound.wav(TestSound.samples(160)), to: "many/\(index).wav") }
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let arguments = [
      "--model", Fixture.audio, folder.file("many"), "--each", "--format", "csv", "--output", pipe, "--force",
    ]
    // Whoever reads one line and goes ends it in peace; whoever does not read is not waited for after a request.
    for isGone in [true, false] {
      let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
      #expect(fcntl(reader, 1031, 4096) == 4096)  // F_SETPIPE_SZ
      let command = try LiveCommand(.score, arguments)
      var (waiting, before) = (Int32(0), Int32(-1))
      while waiting == 0 || waiting != before {
        before = waiting
        usleep(200_000)
        _ = ioctl(reader, UInt(FIONREAD), &waiting)
      }
      if isGone { close(reader) } else { command.send(SIGTERM) }
      #expect(command.wait() == (isGone ? 0 : 128 + Int(SIGTERM)))
      if !isGone { close(reader) }
    }
  }

  @Test func whatIsThereIsNotReplacedUnasked() throws {
    try folder.write("letters", to: "table")
    #expect(try score("--format", "csv", "--output", table).errors.contains("replace it by --force"))
    #expect(try folder.read("table") == "letters")
    _ = try score("--format", "csv", "--output", table, "--force")
    #expect(try folder.read("table").hasPrefix("path,model,"))
  }

  @Test func otherClipsAreNotMixedIn() throws {
    _ = try score("--format", "jsonl", "--output", table)
    let before = try folder.read("table")
    let result = try Command.score.run(
      "--model", Fixture.audio, "\(folder.path)/words/yes", "--each", "--format", "jsonl", "--output", table, "--resume"
    )
    #expect(result.status == 1)
    #expect(result.errors.contains("row 1 is not about"))
    #expect(result.errors.contains("give another --output"))
    #expect(try folder.read("table") == before)
  }

  /// One line without an end could be half a row; only one of the clip that is next is.
  @Test(arguments: ["csv", "jsonl"]) func whatIsNoRowIsNotCutOff(_ format: String) throws {
    _ = try score("--format", format, "--output", table)
    let rows = try folder.read("table").split(separator: "\n")
    for content in ["Dear reader", format == "csv" ? rows[0] + "\nDear reader" : rows[1]] {
      try folder.write(Array(content.utf8), to: "table")
      let result = try Command.score.run(
        "--model", Fixture.audio, "\(folder.path)/words", "--each", "--format", format, "--output", table, "--resume")
      #expect(result.status == 1)
      #expect(result.errors.contains("give another --output"))
      #expect(try folder.read("table") == content)
    }
  }

  @Test(arguments: [
    ["--format", "csv"], ["--each", "--output", "x"], ["--each", "--format", "csv", "--resume"],
    ["--each", "--format", "csv", "--force"], ["--each", "--format", "csv", "--output", "x", "--force", "--resume"],
  ])
  func optionsThatDoNotFitAreRefused(_ options: [String]) throws {
    let result = try Command.score.run(["--model", Fixture.audio, "\(folder.path)/words"] + options)
    #expect(result.status == 2)
    #expect(result.errors.contains("belong"))
  }
}
