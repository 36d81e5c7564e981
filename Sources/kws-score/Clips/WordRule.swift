import SiLIF
import SpotterHost

/// Which class a folder's name stands for.
struct WordRule: Sendable {
  let words: [String]
  private let unknownIndex: Int?
  private let silenceIndex: Int?

  static let silenceFolder = "_silence_"
  /// Long recordings that are no clips.
  static let passedOverFolder = "_background_noise_"

  init(words: [String], unknownIndex: Int?, silenceIndex: Int?) {
    self.words = words
    self.unknownIndex = unknownIndex
    self.silenceIndex = silenceIndex
  }

  init(model: Model) {
    self.init(
      words: model.words.strings, unknownIndex: model.words.unknownIndex, silenceIndex: model.words.silenceIndex)
  }

  /// The class, or nil where the model has none for it: such a clip is unlabelled.
  func label(folder name: String) -> Int? {
    if let index = words.firstIndex(of: name) { return index }
    return name == WordRule.silenceFolder ? silenceIndex : unknownIndex
  }

  /// Whether such a subfolder makes its parent a folder of labelled words.
  func isWord(_ name: String) -> Bool { words.contains(name) }
}
