import Glibc
import TestSupport
import Testing

@testable import CommandSupport

/// Writers leave the old file or the new one, whatever ends them; and nobody leads them elsewhere.
@Suite struct WriterTests {
  let folder = TemporaryFolder()

  private func write(_ text: String, _ path: String) throws {
    let file = try NewFile(path)
    let output = StandardOutput(descriptor: file.descriptor)
    try output.write(text)
    try output.flush()
    try file.commit()
  }

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode : 0
  }

  private func names() -> [String] { names(folder.path) }

  private func names(_ path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  @Test(arguments: [0o600, 0o640, 0o664] as [mode_t]) func permissionsStay(_ wanted: mode_t) throws {
    let path = try folder.write("old", to: "x")
    chmod(path, wanted)
    try write("new", path)
    #expect(mode(path) & 0o777 == wanted)
    #expect(try folder.read("x") == "new")
    #expect(names() == ["x"])
  }

  @Test func aLinkStaysALink() throws {
    try folder.write("old", to: "deep/target")
    symlink("deep/target", folder.file("link"))
    try write("new", folder.file("link"))
    #expect(mode(folder.file("link")) & S_IFMT == S_IFLNK)
    #expect(try folder.read("deep/target") == "new")
    #expect(names() == ["deep", "link"])
  }

  @Test func whatWasNotCommittedLeavesNothing() throws {
    let path = try folder.write("old", to: "x")
    do {
      let file = try NewFile(path)
      _ = Glibc.write(file.descriptor, "half", 4)
      #expect(names().count == 2)
      withExtendedLifetime(file) {}
    }
    #expect(names() == ["x"])
    #expect(try folder.read("x") == "old")
  }

  @Test func aPipeIsWrittenTo() throws {
    let path = folder.file("pipe")
    mkfifo(path, 0o600)
    let reader = open(path, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    try write("new", path)
    var bytes = [UInt8](repeating: 0, count: 8)
    #expect(read(reader, &bytes, 8) == 3 && bytes.starts(with: "new".utf8))
    #expect(mode(path) & S_IFMT == S_IFIFO)
  }

  @Test func aFolderThatIsNotThere() {
    #expect(throws: Failure.self) { try write("new", "/nowhere/x") }
  }

  /// kill -9 at random moments, 100 of which fall into the write: a temporary file that is left behind shows it.
  @Test func killInTheMiddleLeavesTheOldFileOrTheNewOne() throws {
    let trace = folder.file("trace")
    var variants: [[String: [UInt8]]] = []
    var arguments: [[String]] = []
    for steps in [400, 500] {
      let values = (0..<steps * 8).map { Int16($0 % 3) }
      let input = try folder.write(NumpyFile.int16([steps, 8], values), to: "\(steps).npy")
      arguments.append(["trace", Fixture.counts, "--input", input, "--output", trace, "--force"])
      try #require(try Command.model.run(arguments.last!).status == 0)
      variants.append(
        try Dictionary(uniqueKeysWithValues: names(trace).map { ($0, try TemporaryFolder.bytes("\(trace)/\($0)")) }))
    }
    var random = SplitMix64(seed: 1)
    var within = 0
    // How long a machine writes is not known: a kill that came too late halves the longest wait, one that hit lengthens it.
    var longestWait_us = 8_000.0
    for kills in 0..<2_000 where within < 100 {
      let process = try Child(
        Command.model.path, arguments[kills % 2], files: [(1, "/dev/null", O_WRONLY), (2, "/dev/null", O_WRONLY)])
      while !process.hasEnded && !names(trace).contains(where: { $0.hasSuffix(".tmp") }) {}
      usleep(UInt32(Double.random(in: 0...longestWait_us, using: &random)))
      process.send(SIGKILL)
      _ = process.wait()
      let left = names(trace).filter { $0.hasSuffix(".tmp") }
      within += left.isEmpty ? 0 : 1
      longestWait_us *= left.isEmpty ? 0.5 : 1.1
      for name in left { unlink("\(trace)/\(name)") }
      for (name, old) in variants[0] {
        let found = try TemporaryFolder.bytes("\(trace)/\(name)")
        #expect(found == old || found == variants[1][name], "\(name) is neither")
      }
    }
    #expect(within == 100, "kills that fell into the write")
  }
}
