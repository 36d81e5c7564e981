import AudioInput
import CommandSupport
import KeywordSpotter

/// `--save-dir`: the sound around each keyword as a WAV file, whose name sorts by time:
/// `20261125T165003.123Z-yes-0.83.wav`.
final class SaveSink: EventSink {
  /// What is saved before the decision: a word and what led to it, and what comes after.
  static let before_samples = Int64(2 * outputRate_hz)
  static let after_samples = Int64(outputRate_hz / 2)

  private let folder: SaveFolder
  private let ring: SoundRing
  private let words: [String]
  private let say: (String) -> Void
  private(set) var waiting: [(event: KeywordEvent, name: String)] = []
  private var lastName = TimeOfDay?.none
  private var complaints = RateLimit(interval_s: 60)
  private(set) var savedCount = 0
  private(set) var lostCount = 0

  init(folder: SaveFolder, ring: SoundRing, words: [String], say: @escaping (String) -> Void) {
    (self.folder, self.ring, self.words, self.say) = (folder, ring, words, say)
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
      let sound = ring.copy(first.event.position - Self.before_samples..<first.event.position + Self.after_samples)
      let code = sound.map { folder.save(waveFile($0), as: first.name) }
      if code == 0 {
        savedCount += 1
        continue
      }
      lostCount += 1
      let why = code.map { systemMessage($0) } ?? "the machine was too slow, and its sound was written over"
      if complaints.pass() != nil { say("\(folder.path)/\(first.name): cannot be saved: \(why)") }
    }
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
  for sample in samples { withUnsafeBytes(of: sample.littleEndian) { bytes.append(contentsOf: $0) } }
  return bytes
}
