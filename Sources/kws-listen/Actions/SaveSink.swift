import AudioInput
import CommandSupport
import FileNames
import Glibc
import KeywordSpotter

/// `--save-dir`: the sound around each keyword as a WAV file, whose name sorts by time:
/// `20261125T165003.123Z-yes-0.83.wav`. When the files of such names hold more bytes than the limit, the oldest go.
final class SaveSink: EventSink {
  /// What is saved before the decision: a word and what led to it, and what comes after.
  static let before_samples = Int64(2 * outputRate_hz)
  static let after_samples = Int64(outputRate_hz / 2)

  private let folder: String
  private let limit_bytes: Int64
  private let ring: SoundRing
  private let words: [String]
  private let say: (String) -> Void
  private(set) var waiting: [(event: KeywordEvent, name: String)] = []
  private var lastName = TimeOfDay?.none
  private var complaints = RateLimit(interval_s: 60)
  private(set) var savedCount = 0
  private(set) var lostCount = 0

  /// - Throws: Failure where the folder cannot be made or written to.
  init(folder: String, limit_bytes: Int64, ring: SoundRing, words: [String], say: @escaping (String) -> Void)
    throws(Failure)
  {
    self.folder = folder
    self.limit_bytes = limit_bytes
    self.ring = ring
    self.words = words
    self.say = say
    if withFileName(folder, { mkdir($0, 0o755) }) != 0 && errno != EEXIST {
      throw Failure("\(folder): cannot be made: \(systemMessage(errno))")
    }
    var status = stat()
    guard withFileName(folder, { stat($0, &status) }) != 0 || status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure("\(folder): is no folder; give another one with --save-dir")
    }
    guard withFileName(folder, { access($0, W_OK | X_OK) }) == 0 else {
      throw Failure("\(folder): cannot be written: \(systemMessage(errno))")
    }
    removeHalves()
  }

  func write(_ event: ListenEvent) throws {
    switch event {
    case .keyword(let keyword): waiting.append((keyword, name(keyword, isNear: false)))
    case .nearMiss(let keyword): waiting.append((keyword, name(keyword, isNear: true)))
    default: break
    }
    saveWhatIsThere(ring.writtenCount)
    let oldest = waiting.first?.event.position ?? ring.writtenCount
    ring.release(to: oldest - Self.before_samples)
  }

  func finish(isInterrupted: Bool) { saveWhatIsThere(.max) }

  private func name(_ keyword: KeywordEvent, isNear: Bool) -> String {
    // A model's words may be anything; a file's name may not.
    let word = words[keyword.word].map { $0.isLetter || $0.isNumber ? $0 : "_" }
    // A recording is heard faster than time.
    let time = TimeOfDay.now.following(lastName)
    lastName = time
    return "\(time.fileName)-\(isNear ? "near-" : "")\(String(word))-"
      + "\(decimalText(keyword.score, decimals: 2)).wav"
  }

  private func saveWhatIsThere(_ position: Int64) {
    while let first = waiting.first, position == .max || first.event.position + Self.after_samples <= position {
      waiting.removeFirst()
      let start = first.event.position - Self.before_samples
      save(ring.copy(start..<first.event.position + Self.after_samples), as: first.name)
    }
  }

  private func save(_ samples: [Int16], as name: String) {
    let path = "\(folder)/\(name)"
    let bytes = waveFile(samples)
    let descriptor = withFileName(path + ".part") {
      open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    }
    let written = descriptor < 0 ? -1 : bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    let code = written < 0 ? errno : ENOSPC
    if descriptor >= 0 { close(descriptor) }
    // Whoever watches the folder sees only whole files.
    guard written == bytes.count, withFileName(path + ".part", { from in withFileName(path) { rename(from, $0) } }) == 0
    else {
      // One that could not be made is another's.
      if descriptor >= 0 { _ = withFileName(path + ".part") { unlink($0) } }
      lostCount += 1
      if complaints.pass() != nil { say("\(path): cannot be saved: \(systemMessage(code))") }
      return
    }
    savedCount += 1
    removeOldest()
  }

  /// What a run that was killed has left half written.
  private func removeHalves() {
    let anHour_s = 3600
    for file in files(named: { $0.hasSuffix(".part") && Self.isOwn(String($0.dropLast(5))) })
    where TimeOfDay.now.seconds - file.changed_s > anHour_s {
      _ = withFileName("\(folder)/\(file.name)") { unlink($0) }
    }
  }

  private func removeOldest() {
    let files = files(named: Self.isOwn).sorted { $0.name < $1.name }
    var total = files.reduce(0) { $0 + $1.bytes }
    for file in files.dropLast() where total > limit_bytes {
      if withFileName("\(folder)/\(file.name)", { unlink($0) }) == 0 { total -= file.bytes }
    }
  }

  private func files(named isWanted: (String) -> Bool) -> [(name: String, bytes: Int64, changed_s: Int)] {
    guard let stream = withFileName(folder, { opendir($0) }) else { return [] }
    defer { closedir(stream) }
    var files: [(name: String, bytes: Int64, changed_s: Int)] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { fileName(cString: $0) }
      }
      var status = stat()
      guard isWanted(name), withFileName("\(folder)/\(name)", { stat($0, &status) }) == 0 else { continue }
      files.append((name, Int64(status.st_size), status.st_mtim.tv_sec))
    }
    return files
  }

  /// Nothing else in the folder is touched.
  static func isOwn(_ name: String) -> Bool {
    name.wholeMatch(of: /\d{8}T\d{6}\.\d{3}Z-.+-\d\.\d\d\.wav/) != nil
  }

  var statistics: [(key: String, value: JSONValue)] {
    [("saved", .integer(savedCount)), ("saves_lost", .integer(lostCount))]
  }
}

/// 16-bit mono at 16 kHz.
private func waveFile(_ samples: [Int16]) -> [UInt8] {
  func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
  var bytes = Array("RIFF".utf8) + little(36 + 2 * samples.count, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
  bytes += little(1, 2) + little(1, 2) + little(outputRate_hz, 4) + little(2 * outputRate_hz, 4) + little(2, 2)
  bytes += little(16, 2) + Array("data".utf8) + little(2 * samples.count, 4)
  for sample in samples { bytes += little(Int(sample), 2) }
  return bytes
}
