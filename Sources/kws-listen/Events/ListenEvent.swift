import KeywordSpotter

/// What the audio thread tells the writing thread: a plain value that fits a ring slot.
enum ListenEvent: Equatable, Sendable, BitwiseCopyable {
  case keyword(KeywordEvent)
  /// Samples were lost just before `position`, in samples heard; the losses are numbered from 1.
  case overrun(count: Int, position: Int64)
  /// Up to `position`, in samples heard, there was nothing but silence since the start. Comes once.
  case silence(position: Int64)
}
