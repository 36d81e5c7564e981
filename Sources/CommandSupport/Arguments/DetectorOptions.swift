import ArgumentParser
import KeywordSpotter
import SiLIF
import SpotterHost

/// `--threshold` and `--keyword`: what the user changes in the model's detector settings.
package struct DetectorOptions: ParsableArguments {
  @Option(
    name: .long, parsing: .unconditional,
    help: "Threshold for all words, 0 to 1 (default: the model's own). Higher reports less.")
  package var threshold: Double?

  @Option(name: .long, help: "Threshold for one word, such as yes=0.9. Repeatable.")
  package var keyword: [KeywordThreshold] = []

  package init() {}

  /// Whether the user changes anything.
  package var isUsed: Bool { threshold != nil || !keyword.isEmpty }

  package func validate() throws {
    if let threshold, !(0...1).contains(threshold) {
      throw ValidationError("--threshold is a probability: give a number from 0 to 1, not \(threshold).")
    }
  }

  /// The model's defaults with these changes.
  ///
  /// - Throws: ValidationError for a word that the model does not report.
  package func settings(for model: Model) throws -> DetectorSettings {
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

/// `--keyword yes=0.8`: a word and its threshold.
package struct KeywordThreshold: ExpressibleByArgument, Equatable, Sendable {
  package let word: String
  package let threshold: Double

  package init?(argument: String) {
    guard let equals = argument.lastIndex(of: "="), equals > argument.startIndex,
      let threshold = Double(argument[argument.index(after: equals)...]), (0...1).contains(threshold)
    else { return nil }
    word = String(argument[..<equals])
    self.threshold = threshold
  }
}
