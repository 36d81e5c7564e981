import AudioInput
import CommandSupport

/// Counts what `--stats` tells.
final class CountSink: EventSink {
  private let words: [String]
  private var heard: [Int]
  private var nearMissCount = 0
  private var gatedCount = 0
  private var gapCount = 0
  private var lossCount = 0
  private var lost_samples: Int64 = 0
  private var position: Int64 = 0
  private let start_ns = MonotonicClock.bootTime_ns

  init(words: [String]) {
    self.words = words
    heard = words.map { _ in 0 }
  }

  func write(_ event: ListenEvent) throws {
    switch event {
    case .keyword(let keyword):
      heard[keyword.word] += 1
      position = max(position, keyword.position)
    case .nearMiss: nearMissCount += 1
    case .gated: gatedCount += 1
    case .gap(let gap):
      gapCount += 1
      lost_samples += gap.loss.lost_samples
    case .deviceLost: lossCount += 1
    case .level(_, let position): self.position = max(self.position, position)
    }
  }

  var statistics: [(key: String, value: JSONValue)] {
    let each = words.indices.filter { heard[$0] > 0 }.map { (key: words[$0], value: JSONValue.integer(heard[$0])) }
    return [
      ("running_s", .decimal(Double(MonotonicClock.bootTime_ns - start_ns) * 1e-9, decimals: 1)),
      ("heard_s", .decimal(Double(position) / Double(outputRate_hz), decimals: 2)),
      ("keywords", .integer(heard.reduce(0, +))), ("words", .object(each)), ("near_misses", .integer(nearMissCount)),
      ("gated", .integer(gatedCount)),
      ("gaps", .integer(gapCount)), ("lost_s", .decimal(Double(lost_samples) / Double(outputRate_hz), decimals: 2)),
      ("device_losses", .integer(lossCount)),
    ]
  }
}

/// `--stats`, and the answer to SIGUSR1: a JSON object on standard error.
struct Statistics {
  let sinks: [any EventSink]
  let levels: LevelSink
  let lostEvents: () -> Int

  func write() { Diagnostics.write(text + "\n") }

  /// Lines of all outputs that nobody will read.
  var lostLines: Int { sinks.reduce(0) { $0 + (($1 as? LineSink)?.lostCount ?? 0) } }

  var text: String {
    func level(_ value: Double?) -> JSONValue { value.map { .decimal($0, decimals: 1) } ?? .null }
    let fields: [(key: String, value: JSONValue)] =
      [("event", .string("stats")), ("at", .string(TimeOfDay.now.text))] + sinks.flatMap(\.statistics)
      + [
        ("lines_lost", .integer(lostLines)), ("events_lost", .integer(lostEvents())),
        ("peak_dBFS", level(levels.total.peak_dBFS)),
        ("mean_dBFS", level(levels.total.mean_dBFS)),
      ]
    return JSONValue.object(fields).text
  }
}
