import SiLIF

extension Model {
  /// The words that are reported as events.
  public var keywords: [String] {
    let words = self.words
    return (0..<words.count).filter { detector.isKeyword($0) }.map { String(decoding: words[$0], as: UTF8.self) }
  }
}
