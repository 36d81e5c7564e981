import CommandSupport
import FileNames
import Glibc

/// The folder of `--save-dir`. When its saved sounds hold more bytes than the limit, the oldest go.
final class SaveFolder {
  /// A clock that was set back leaves names that are later than now. Later than this they are not this run's, which may be a
  /// second ahead (`TimeOfDay.following`).
  private static let mostAhead_s = 2
  /// To list a folder takes time for each file in it. Among so many saves for each file that is rare, and finds soon what others
  /// put there or took away.
  private static let filesPerSave = 16

  let path: String
  private let limit_bytes: Int64
  private let write: (_ path: String, _ bytes: [UInt8]) -> Int32
  /// Oldest first: as listed, and what was saved and removed here since then.
  private var files: [(name: String, bytes: Int64)] = []
  private var total_bytes: Int64 = 0
  private var savesSinceListing = 0

  /// - Parameter write: makes a file that nobody sees before it is whole; gives 0, or errno.
  /// - Throws: Failure where the folder cannot be made or written to.
  init(
    _ path: String, limit_bytes: Int64, write: @escaping (_ path: String, _ bytes: [UInt8]) -> Int32 = writeWhole
  ) throws(Failure) {
    (self.path, self.limit_bytes, self.write) = (path, limit_bytes, write)
    if withFileName(path, { mkdir($0, 0o755) }) != 0 && errno != EEXIST {
      throw Failure("\(path): cannot be made: \(systemMessage(errno))")
    }
    var status = stat()
    guard withFileName(path, { stat($0, &status) }) != 0 || status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure("\(path): is no folder; give another one with --save-dir")
    }
    guard withFileName(path, { access($0, W_OK | X_OK) }) == 0 else {
      throw Failure("\(path): cannot be written: \(systemMessage(errno))")
    }
    list()
    removeHalves()
  }

  /// - Returns: 0, or why it could not be saved, as errno.
  func save(_ bytes: [UInt8], as name: String) -> Int32 {
    var code = write("\(path)/\(name)", bytes)
    // Where something else fills the disk, old sound makes room for new, but no more of it than that takes.
    var freed_bytes: Int64 = 0
    while [ENOSPC, EDQUOT].contains(code), freed_bytes < bytes.count, !files.isEmpty {
      let removed_bytes = removeOldest()
      freed_bytes += removed_bytes
      if removed_bytes > 0 { code = write("\(path)/\(name)", bytes) }
    }
    guard code == 0 else { return code }
    savesSinceListing += 1
    if savesSinceListing * Self.filesPerSave > files.count { list(without: name) }
    // The last, whatever its name: the clock may have been set back.
    files.append((name, Int64(bytes.count)))
    total_bytes += Int64(bytes.count)
    while total_bytes > limit_bytes && files.count > 1 { _ = removeOldest() }
    return 0
  }

  /// Bytes that it held; 0: it has gone already, or may not be removed.
  private func removeOldest() -> Int64 {
    let oldest = files.removeFirst()
    let isRemoved = withFileName("\(path)/\(oldest.name)") { unlink($0) } == 0
    if isRemoved || errno == ENOENT { total_bytes -= oldest.bytes }
    return isRemoved ? oldest.bytes : 0
  }

  private func list(without newest: String? = nil) {
    let now = TimeOfDay.now
    let latest = TimeOfDay(seconds: now.seconds + Self.mostAhead_s, milliseconds: now.milliseconds).fileName
    let found = entries { Self.isSaved($0) }.filter { $0.name != newest }
    // Names from the future were given before the clock was set back.
    let (past, future) = (found.filter { $0.name <= latest }, found.filter { $0.name > latest })
    files = (future.sorted { $0.name < $1.name } + past.sorted { $0.name < $1.name }).map { ($0.name, $0.bytes) }
    total_bytes = files.reduce(0) { $0 + $1.bytes }
    savesSinceListing = 0
  }

  /// What a run that was killed has left half written.
  private func removeHalves() {
    let anHour_s = 3600
    for file in entries(named: { $0.suffix(5).elementsEqual(".part".utf8) && Self.isSaved($0.dropLast(5)) })
    where TimeOfDay.now.seconds - file.changed_s > anHour_s {
      _ = withFileName("\(path)/\(file.name)") { unlink($0) }
    }
  }

  private func entries(
    named isWanted: (UnsafeRawBufferPointer.SubSequence) -> Bool
  ) -> [(name: String, bytes: Int64, changed_s: Int)] {
    guard let stream = withFileName(path, { opendir($0) }) else { return [] }
    defer { closedir(stream) }
    var entries: [(name: String, bytes: Int64, changed_s: Int)] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        let name = bytes.prefix { $0 != 0 }
        return isWanted(name) ? fileName(name) : nil
      }
      var status = stat()
      guard let name, withFileName(name, { fstatat(dirfd(stream), $0, &status, 0) }) == 0 else { continue }
      entries.append((name, Int64(status.st_size), status.st_mtim.tv_sec))
    }
    return entries
  }

  /// Whether a file of this name is saved sound: nothing else in the folder is touched.
  static func isSaved(_ name: some BidirectionalCollection<UInt8>) -> Bool {
    func looks(_ bytes: some Sequence<UInt8>, like example: StaticString) -> Bool {
      example.withUTF8Buffer { example in
        bytes.elementsEqual(example) { $1 == UInt8(ascii: "0") ? (0x30...0x39).contains($0) : $0 == $1 }
      }
    }
    return name.count > 30 && looks(name.prefix(21), like: "00000000T000000.000Z-")
      && looks(name.suffix(9), like: "-0.00.wav")
  }
}

/// A file that appears under its name when it is whole, which is not to say that it is on the disk: no word waits for that.
///
/// - Returns: 0, or errno: EEXIST also where another listener has saved, or is about to save, under the same name.
func writeWhole(path: String, bytes: [UInt8]) -> Int32 {
  let part = path + ".part"
  let descriptor = withFileName(part) { open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644) }
  // One that is there is another's.
  guard descriptor >= 0 else { return errno }
  var code: Int32 = 0
  bytes.withUnsafeBytes { bytes in
    var rest = bytes
    while !rest.isEmpty && code == 0 {
      let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if written < 0 && errno == EINTR { continue }
      if written <= 0 { code = written < 0 ? errno : ENOSPC }
      rest = UnsafeRawBufferPointer(rebasing: rest[max(written, 0)...])
    }
  }
  if close(descriptor) != 0 && code == 0 { code = errno }
  // Nobody else makes a file of this name meanwhile: that begins with the part.
  if code == 0 && withFileName(path, { access($0, F_OK) }) == 0 { code = EEXIST }
  if code == 0 && withFileName(part, { from in withFileName(path) { rename(from, $0) } }) != 0 { code = errno }
  if code != 0 { _ = withFileName(part) { unlink($0) } }
  return code
}
