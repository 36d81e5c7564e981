/// What the audio thread tells the printing thread: a plain value that fits a ring slot.
struct ListenEvent: Equatable, Sendable, BitwiseCopyable {
  enum Kind: UInt8, Sendable, BitwiseCopyable {
    case keyword
    /// Samples were lost just before `sample`.
    case overrun
  }

  let kind: Kind
  /// Class index of a keyword.
  let word: Int32
  /// Mean probability of a keyword, Q15.
  let score_q15: Int32
  /// Running number of an overrun.
  let count: Int32
  /// 16 kHz samples consumed.
  let sample: Int64

  static func keyword(word: Int, score_q15: Int32, sample: Int64) -> ListenEvent {
    ListenEvent(
      kind: .keyword, word: Int32(truncatingIfNeeded: word), score_q15: score_q15, count: 0, sample: sample)
  }

  static func overrun(count: Int, sample: Int64) -> ListenEvent {
    ListenEvent(
      kind: .overrun, word: 0, score_q15: 0, count: Int32(truncatingIfNeeded: count), sample: sample)
  }
}
