import AudioInput
import KeywordSpotter

/// What the audio thread tells the writing thread: a plain value that fits a ring slot.
enum ListenEvent: Equatable, Sendable, BitwiseCopyable {
  case keyword(KeywordEvent)
  /// Sound is missing just before `position`; the gaps are numbered from 1.
  case gap(Gap)
  /// The device gives no sound any more, after `position` samples; it is waited for.
  case deviceLost(SoundLoss.Cause, position: Int64)
  /// How loud the last second was, up to `position`; with a meter, the last tenth of a second.
  case level(Level, position: Int64)
  /// A keyword that was not quite reached: only where that is asked for.
  case nearMiss(KeywordEvent)
  /// A keyword while nobody spoke: only where that is asked for.
  case gated(KeywordEvent)
}

/// Sound that is missing, and what was done about it.
struct Gap: Equatable, Sendable, BitwiseCopyable {
  /// Of this run, from 1.
  let count: Int
  let loss: SoundLoss
  /// The silence that was put in its place; it counts as heard.
  let filled_samples: Int64
  /// Whether the network began anew.
  let isReset: Bool
  /// Samples heard before what comes next.
  let position: Int64
}
