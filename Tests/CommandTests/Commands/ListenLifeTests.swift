import Glibc
import TestSupport
import Testing

/// How `kws-listen` behaves while it runs and when it ends.
@Suite struct ListenLifeTests {
  let sound = TestSound.raw(TestSound.samples(seconds: 4))

  private func listen(_ arguments: String...) throws -> LiveCommand {
    try LiveCommand(.listen, ["--model", Fixture.audio, "--input", "-"] + arguments)
  }

  @Test func eventsArriveAtOnce() throws {
    let expected = try Command.listen.run(["--model", Fixture.audio, "--input", "-"], input: sound).lines
    let command = try listen()
    command.write(sound)
    // The input stays open: whatever comes now was not held back until the end.
    for line in expected { #expect(command.readLine() == line) }
    command.closeInput()
    #expect(command.readLine() == nil)
    #expect(command.wait() == 0)
  }

  @Test(arguments: [SIGINT, SIGTERM]) func signalsEndIt(_ signal: Int32) throws {
    let command = try listen()
    command.write(sound)
    _ = command.readLine()
    command.send(signal)
    #expect(command.wait() == 0)
    #expect(try command.errors.contains("heard"))
  }

  @Test func signalEndsItBeforeAnySound() throws {
    let command = try listen()
    try command.waitForNotice()
    command.send(SIGTERM)
    #expect(command.wait() == 0)
  }

  @Test func signalEndsItWhileItReadsALongFile() throws {
    // /dev/zero is a device, not a regular file: an endless recording of silence.
    let command = try LiveCommand(.listen, ["--model", Fixture.audio, "--input", "/dev/zero"])
    try command.waitForNotice()
    command.send(SIGINT)
    #expect(command.wait() == 0)
  }

  @Test func closedPipeEndsItQuietly() throws {
    let command = try listen()
    command.write(sound)
    _ = command.readLine()
    command.closeOutput()
    for _ in 0..<5 { command.write(sound) }
    #expect(command.wait() == 0)
    #expect(try !command.errors.lowercased().contains("error"))
    #expect(try !command.errors.contains("pipe"))
  }

  /// As in `kws-listen | head -1`: on a quiet evening the next event is hours away.
  @Test func itEndsWithItsReader() throws {
    let command = try listen()
    command.write(sound)
    _ = command.readLine()
    command.closeOutput()
    // Neither more sound nor an end of it.
    #expect(command.wait() == 0)
  }

  @Test func signalEndsItWhileNobodyReads() throws {
    let command = try listen("--format", "json")
    // Never read: the small pipe has room for one event of 199, and the command waits for its reader.
    command.shrinkOutput()
    let writer = Writer(command, Array(repeating: sound, count: 20).flatMap { $0 })
    for _ in 0..<Child.patience_s * 200 where command.unread == 0 { usleep(5_000) }
    #expect(command.unread > 0 && command.rests)
    command.send(SIGTERM)
    #expect(command.wait() == 0)
    writer.join()
  }

  @Test func fullDiskIsAFailure() throws {
    let folder = TemporaryFolder()
    let input = try folder.write(sound, to: "sound.raw")
    let child = try Child(
      Command.listen.path, ["--model", Fixture.audio, "--input", "-"],
      files: [(0, input, O_RDONLY), (1, "/dev/full", O_WRONLY), (2, "\(folder.path)/stderr", O_WRONLY)])
    #expect(child.wait() == 1)
    #expect(try folder.read("stderr").contains("no space left"))
  }
}

/// Writes to a command from a thread of its own, which ends when the command does.
private final class Writer: @unchecked Sendable {
  private let command: LiveCommand
  private let bytes: [UInt8]
  private var thread = pthread_t()

  init(_ command: LiveCommand, _ bytes: [UInt8]) {
    self.command = command
    self.bytes = bytes
    pthread_create(
      &thread, nil,
      { argument in
        let writer = Unmanaged<Writer>.fromOpaque(argument!).takeUnretainedValue()
        writer.command.write(writer.bytes)
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  func join() { pthread_join(thread, nil) }
}
