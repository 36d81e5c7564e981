import AudioInput
import KeywordSpotter

/// Tells near misses from the beginnings of hits: a word that is heard crosses the lower threshold first.
struct NearMisses {
  /// A near miss is one when no keyword came in so long.
  static let patience_samples = Int64(3 * outputRate_hz / 4)

  private var waiting: [KeywordEvent] = []
  private var lastKeyword_position = Int64.min / 2

  /// What is to be delivered in place of this event. `position` is how far the sound has come.
  mutating func sorted(_ event: ListenEvent) -> [ListenEvent] {
    switch event {
    case .nearMiss(let near):
      if near.position - lastKeyword_position > Self.patience_samples { waiting.append(near) }
      return []
    case .keyword(let keyword), .gated(let keyword):
      lastKeyword_position = keyword.position
      waiting.removeAll { keyword.position - $0.position <= Self.patience_samples }
      return ripe(at: keyword.position) + [event]
    case .level(_, let position): return ripe(at: position) + [event]
    default: return [event]
    }
  }

  /// All that wait, at the end.
  mutating func rest() -> [ListenEvent] { ripe(at: .max) }

  private mutating func ripe(at position: Int64) -> [ListenEvent] {
    let ripe = waiting.filter { position == .max || position - $0.position > Self.patience_samples }
    waiting.removeAll { ripe.contains($0) }
    return ripe.map { .nearMiss($0) }
  }
}
