import AudioInput
import CommandSupport

/// Sums up levels, says what is wrong with them, and shows them where that is wanted.
final class LevelSink: EventSink {
  /// Since the start.
  private(set) var total = Level()
  private var window = Level()
  private var told: Set<Note> = []
  private let meter: MeterLine?
  private let say: (String) -> Void

  /// What may be wrong with a source. Each is told once.
  enum Note: CaseIterable {
    case silence, quiet, clipping, narrow, cancelling, scale
  }

  /// The loudest sample of what is called silence: a thousandth of full scale. A microphone that works is never below it for ten
  /// seconds, and one that is muted by a switch is not always exactly zero.
  static let silence_peak: UInt16 = 32
  /// -40 dBFS: 30 dB below what a voice at arm's length should reach.
  static let quiet_peak: UInt16 = 328
  static let window_samples = Int64(10 * outputRate_hz)

  init(meter: MeterLine?, say: @escaping (String) -> Void) {
    self.meter = meter
    self.say = say
  }

  func write(_ event: ListenEvent) throws {
    guard case .level(let level, _) = event else { return }
    total.add(level)
    window.add(level)
    meter?.show(level)
    guard window.count >= Self.window_samples else { return }
    for note in Note.allCases { tell(note) }
    window = Level()
  }

  /// A recording may be shorter than the time after which notes come; how its channels fit together, and their scale, is the same.
  func finish(isInterrupted: Bool) {
    tell(.cancelling)
    tell(.scale)
  }

  private func tell(_ note: Note) {
    guard !told.contains(note), applies(note) else { return }
    told.insert(note)
    meter?.clear()
    say(text(note))
  }

  /// Whether nothing was heard for longer than a person waits before the first word.
  var isSilent: Bool { total.peak <= Self.silence_peak && total.count >= Self.window_samples }

  private func applies(_ note: Note) -> Bool {
    switch note {
    case .silence: isSilent
    case .quiet: !isSilent && total.peak < Self.quiet_peak
    case .clipping: window.clipped * 1000 >= window.count && !applies(.scale)
    case .scale: integerScaleNote(total.largestFloat ?? 0) != nil
    // Every microphone has noise above 4.8 kHz; this is what a resampler leaves.
    case .cancelling: total.balance.flatMap(channelNote) != nil
    case .narrow: (window.mean_dBFS ?? -100) > -50 && (window.high_dB ?? 0) < -50
    }
  }

  private func text(_ note: Note) -> String {
    switch note {
    case .silence:
      "only silence in the first \(seconds(total)) s: is the microphone muted, or the wrong one?"
    case .quiet:
      "the loudest sound in the first \(seconds(total)) s was \(decibels(total.peak_dBFS)) dBFS: if that was a voice, "
        + "it is about 30 dB too low; raise the capture level (alsamixer, F4), or try --gain 20"
    case .clipping:
      "the sound clips (\(window.clipped) samples in \(seconds(window)) s): lower the capture level (alsamixer, F4)"
    case .cancelling: total.balance.flatMap(channelNote) ?? ""
    case .scale: integerScaleNote(total.largestFloat ?? 0).map { "the file's \($0)" } ?? ""
    case .narrow:
      "the source has nothing above 4 kHz: it was recorded or sent at 8 kHz (a headset as a phone?), and fewer words are heard"
    }
  }

  private func seconds(_ level: Level) -> String {
    decimalText(Double(level.count) / Double(outputRate_hz), decimals: 2)
  }
}

/// A level as text.
func decibels(_ value: Double?) -> String { value.map { decimalText($0, decimals: 1) } ?? "-inf" }

/// `--meter`: one line that is overwritten on a terminal, else a line a second.
final class MeterLine {
  private let isTerminal: Bool
  private let write: (String) -> Void
  private var second = Level()

  init(isTerminal: Bool = Diagnostics.isTerminal, write: @escaping (String) -> Void = Diagnostics.write) {
    self.isTerminal = isTerminal
    self.write = write
  }

  func show(_ level: Level) {
    second.add(level)
    if isTerminal { write("\r\(line(level))\u{1b}[K") }
    guard second.count >= Int64(outputRate_hz) else { return }
    if !isTerminal { write(line(second) + "\n") }
    second = Level()
  }

  /// Makes room for a line of something else.
  func clear() {
    if isTerminal { write("\r\u{1b}[K") }
  }

  func line(_ level: Level) -> String {
    let peak = level.peak_dBFS ?? -100
    let marks = max(0, min(30, Int(((peak + 60) / 2).rounded())))
    let bar = String(repeating: "#", count: marks) + String(repeating: " ", count: 30 - marks)
    return "level [\(bar)] peak \(decibels(level.peak_dBFS)) dBFS, mean \(decibels(level.mean_dBFS)) dBFS"
      + (level.clipped > 0 ? ", CLIPS" : "")
  }
}
