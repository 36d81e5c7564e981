import Glibc
import TestSupport
import Testing

/// What the commands do with the files that they make, on a disk that is slow enough to be watched: Tests/Fixtures/file_calls.c.
@Suite struct SlowDiskTests {
  let folder = TemporaryFolder()
  private let library: String

  init() throws {
    library = folder.file("file_calls.so")
    try FaultyMicrophone.compile("file_calls.c", to: library, "", in: folder)
  }

  /// - Parameter isSlow: whether each step takes milliseconds.
  private func start(_ command: Command, _ arguments: [String], isSlow: Bool) throws -> Child {
    try Child(
      command.path, arguments,
      files: [(0, "/dev/null", O_RDONLY), (1, "/dev/null", O_WRONLY), (2, folder.file("stderr"), O_WRONLY)],
      environment: [
        "LD_PRELOAD": library, isSlow ? "SLOW_DISK_US" : "FILE_CALLS": isSlow ? "2000" : folder.file("calls"),
      ]
    )
  }

  private func sound(seconds: Double) throws -> String {
    try folder.write(TestSound.wav(TestSound.samples(seconds: seconds)), to: "\(seconds).wav")
  }

  // MARK: Temporary names

  /// New ones, in the target's folder, and never through a link that somebody put there. What would be missed is on the disk
  /// before it gets its name.
  @Test func temporaryFilesAreNewAndOnTheDiskFirst() throws {
    let wave = try sound(seconds: 6)
    let frames = try folder.write(NumpyFile.int16([4, 8], [Int16](repeating: 1, count: 32)), to: "x.npy")
    let truth = try folder.write("start_s,end_s,word\n", to: "truth.csv")
    for (command, arguments, isSynced) in [
      (Command.model, ["trace", Fixture.counts, "--input", frames, "--output", folder.file("trace")], true),
      (
        .score,
        ["--model", Fixture.audio, "--stream", wave, "--truth", truth, "--events", folder.file("events.csv")], true
      ),
      (.listen, ["--model", Fixture.audio, "--input", wave, "--save-dir", folder.file("saved")], false),
    ] {
      try folder.write("", to: "calls")
      #expect(try start(command, arguments, isSlow: false).wait() == 0, "\(command.rawValue)")
      let calls = try folder.read("calls").split(separator: "\n").map(String.init)
      let renames = calls.filter { $0.hasPrefix("rename ") }
      #expect(!renames.isEmpty, "\(command.rawValue): \(calls)")
      for rename in renames {
        let names = rename.dropFirst("rename ".count).split(separator: " -> ").map(String.init)
        #expect(names[0].split(separator: "/").dropLast() == names[1].split(separator: "/").dropLast())
        let made = try #require(calls.firstIndex { $0.hasPrefix("make ") && $0.hasSuffix(" \(names[0])") })
        let flags = try #require(Int32(calls[made].split(separator: " ")[1]))
        #expect(flags & O_EXCL != 0 && flags & O_NOFOLLOW != 0, "\(calls[made])")
        let synced = calls.firstIndex(of: "sync \(names[0])")
        #expect((synced != nil) == isSynced && (synced ?? made) >= made, "\(calls)")
        let renamed = try #require(calls.firstIndex(of: rename))
        #expect((synced ?? made) < renamed)
      }
    }
  }

  // MARK: kill -9

  /// Kills at random moments until 100 fell into the write.
  ///
  /// - Parameters:
  ///   - start: the command, which writes.
  ///   - hasBegun: whether it writes now.
  ///   - fellIn: what it left, once it has ended; whether the kill fell into the write.
  private func kill100(
    start: () throws -> Child, hasBegun: () throws -> Bool, fellIn: (_ wasKilled: Bool) throws -> Bool
  ) throws {
    var random = SplitMix64(seed: 1)
    var within = 0
    // Each kill that came too late halves the longest wait, one that hit lengthens it.
    var longestWait_us = 4_000.0
    for _ in 0..<2_000 where within < 100 {
      let process = try start()
      while try !process.hasEnded && !hasBegun() { usleep(200) }
      usleep(UInt32(Double.random(in: 0...longestWait_us, using: &random)))
      process.send(SIGKILL)
      let hit = try fellIn(process.wait() == 128 + Int(SIGKILL))
      within += hit ? 1 : 0
      longestWait_us *= hit ? 1.1 : 0.5
    }
    #expect(within == 100, "kills that fell into the write")
  }

  /// A table grows with its rows, so a kill leaves some of them; the same command with --resume completes it.
  @Test func killInTheMiddleOfATableLosesNoRow() throws {
    let clip = TestSound.wav(TestSound.samples(1_600))
    for index in 0..<20 { try folder.write(clip, to: "clips/yes/\(index).wav") }
    let table = folder.file("table")
    let arguments = [
      "--model", Fixture.audio, folder.file("clips"), "--each", "--format", "csv", "--output", table, "--resume",
    ]
    #expect(try start(.score, arguments, isSlow: false).wait() == 0)
    let whole = try TemporaryFolder.bytes(table)
    unlink(table)
    var before = 0
    func size() throws -> Int { access(table, F_OK) == 0 ? try TemporaryFolder.bytes(table).count : 0 }
    try kill100(
      start: { try start(.score, arguments, isSlow: true) }, hasBegun: { try size() > before },
      fellIn: { wasKilled in
        before = try size()
        if before == whole.count {
          #expect(try TemporaryFolder.bytes(table) == whole)
          unlink(table)
          before = 0
          return false
        }
        #expect(wasKilled)
        return before > 0
      })
    #expect(try start(.score, arguments, isSlow: false).wait() == 0)
    #expect(try TemporaryFolder.bytes(table) == whole)
  }

  @Test func killInTheMiddleOfSavedSoundLeavesWholeFiles() throws {
    let saved = folder.file("saved")
    let arguments = ["--model", Fixture.audio, "--input", try sound(seconds: 3), "--save-dir", saved]
    func names() -> [String] {
      guard let stream = opendir(saved) else { return [] }
      defer { closedir(stream) }
      var names: [String] = []
      while let entry = readdir(stream) {
        names.append(
          withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
      }
      return names.filter { $0 != "." && $0 != ".." }
    }
    #expect(try start(.listen, arguments, isSlow: false).wait() == 0)
    let whole = try Set(names().map { try TemporaryFolder.bytes("\(saved)/\($0)") })
    #expect(!whole.isEmpty)
    for name in names() { unlink("\(saved)/\(name)") }
    try kill100(
      start: { try start(.listen, arguments, isSlow: true) }, hasBegun: { names().contains { $0.hasSuffix(".part") } },
      fellIn: { _ in
        let left = names()
        for name in left {
          if name.hasSuffix(".wav") {
            let bytes = try TemporaryFolder.bytes("\(saved)/\(name)")
            #expect(whole.contains(bytes), "\(name)")
          }
          unlink("\(saved)/\(name)")
        }
        return left.contains { $0.hasSuffix(".part") }
      })
  }
}
