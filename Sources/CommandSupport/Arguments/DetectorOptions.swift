import ArgumentParser
import KeywordSpotter
import SiLIF

/// `--threshold` and `--keyword`: what the user changes in the model's detector settings.
public struct DetectorOptions: ParsableArguments {
  @Option(name: .long, parsing: .unconditional, help: "Threshold of all words, 0 to 1, instead of the model's own.")
  public var threshold: Double?

  @Option(name: .long, help: "Threshold of one word, such as yes=0.8. Repeatable.")
  public var keyword: [KeywordThreshold] = []

  public init() {}

  /// Whether the user changes anything.
  public var isUsed: Bool { threshold != nil || !keyword.isEmpty }

  public func validate() throws {
    if let threshold, !(0...1).contains(threshold) {
      throw ValidationError("--threshold is a probability: give a number from 0 to 1, not \(threshold).")
    }
  }

  /// The model's defaults with these changes.
  ///
  /// - Throws: ValidationError for a word that the model does not report.
  public func settings(for model: Model) throws -> DetectorSettings {
    var settings = DetectorSettings(defaultsOf: model)
    let words = model.words.strings
    if let threshold {
      for index in words.indices where settings.words[index].isKeyword {
        settings.setThreshold(threshold, forClass: index)
      }
    }
    for change in keyword {
      guard let index = words.firstIndex(of: change.word), settings.words[index].isKeyword else {
        let known = words.indices.filter { settings.words[$0].isKeyword }.map { words[$0] }
        throw ValidationError(
          "--keyword: the model reports no word '\(change.word)'; its words are \(known.joined(separator: ", ")).")
      }
      settings.setThreshold(change.threshold, forClass: index)
    }
    return settings
  }
}
