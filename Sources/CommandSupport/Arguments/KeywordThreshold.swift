import ArgumentParser

/// `--keyword yes=0.8`: a word and its threshold.
public struct KeywordThreshold: ExpressibleByArgument, Equatable, Sendable {
  public let word: String
  public let threshold: Double

  public init?(argument: String) {
    guard let equals = argument.lastIndex(of: "="), equals > argument.startIndex,
      let threshold = Double(argument[argument.index(after: equals)...]), (0...1).contains(threshold)
    else { return nil }
    word = String(argument[..<equals])
    self.threshold = threshold
  }
}
