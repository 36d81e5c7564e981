import Glibc
import TestSupport

/// A running command whose input and output are pipes held by the test.
final class LiveCommand {
  private let child: Child
  private var inputEnd: Int32
  private var outputEnd: Int32
  private let folder: TemporaryFolder
  private var received: [UInt8] = []

  init(_ command: Command, _ arguments: [String], environment: [String: String] = [:]) throws {
    // Writing to a command that has ended must not end the tests.
    signal(SIGPIPE, SIG_IGN)
    folder = TemporaryFolder()
    let input = privatePipe()
    let output = privatePipe()
    child = try Child(
      command.path, arguments, files: [(2, "\(folder.path)/stderr", O_WRONLY)],
      descriptors: [(0, input.reading), (1, output.writing)], environment: environment)
    close(input.reading)
    close(output.writing)
    inputEnd = input.writing
    outputEnd = output.reading
  }

  deinit {
    closeInput()
    closeOutput()
  }

  /// The output's pipe holds one page from now on.
  func shrinkOutput() { _ = fcntl(outputEnd, 1031, 4096) }  // F_SETPIPE_SZ

  func write(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(inputEnd, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  func closeInput() {
    if inputEnd >= 0 { close(inputEnd) }
    inputEnd = -1
  }

  func closeOutput() {
    if outputEnd >= 0 { close(outputEnd) }
    outputEnd = -1
  }

  /// The next line of output, nil at its end, or where none comes.
  func readLine() -> String? {
    while true {
      if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
        defer { received.removeSubrange(...end) }
        return String(decoding: received[..<end], as: UTF8.self)
      }
      var entry = pollfd(fd: outputEnd, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, Int32(Child.patience_s * 1000)) > 0 else { return nil }
      var block = [UInt8](repeating: 0, count: 4096)
      let count = read(outputEnd, &block, block.count)
      guard count > 0 else { return nil }
      received += block[..<count]
    }
  }

  /// Waits until the command has said on standard error that it listens: it has started then.
  func waitForNotice() throws { _ = try waitForError("listening") }

  /// Waits until the command has said this on standard error; false where it never does, or has ended without.
  func waitForError(_ text: String) throws -> Bool {
    for _ in 0..<Child.patience_s * 200 {
      let hasEnded = child.hasEnded
      if try errors.contains(text) { return true }
      if hasEnded { return false }
      usleep(5000)
    }
    return false
  }

  /// User and system time so far.
  var processorTime_s: Double {
    let fields = (try? TemporaryFolder.bytes("/proc/\(child.identifier)/stat")).map {
      String(decoding: $0, as: UTF8.self)
    }
    let numbers = fields?.split(separator: ")").last?.split(separator: " ") ?? []
    guard numbers.count > 13, let user = Double(numbers[11]), let system = Double(numbers[12]) else { return 0 }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// Whether it rests: some quarter of a second of the next 2.5 costs it no more than a tick or two. (A loop that never waits takes
  /// a whole quarter, or what others leave it; and what came before may take some of the first ones.)
  var rests: Bool {
    var least_s = Double.infinity
    for _ in 0..<10 {
      let before_s = processorTime_s
      usleep(250_000)
      least_s = min(least_s, processorTime_s - before_s)
    }
    return least_s <= 0.02
  }

  func send(_ signal: Int32) { child.send(signal) }
  func wait() -> Int { child.wait() }
  /// Bytes of output that nobody has read yet.
  var unread: Int {
    var count: Int32 = 0
    return ioctl(outputEnd, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
  }
  var errors: String { get throws { try folder.read("stderr") } }
}
