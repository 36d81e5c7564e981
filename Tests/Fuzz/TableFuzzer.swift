import Glibc
import SpotterHost

@testable import CommandSupport
@testable import kws_score

/// Text and arrays that kws-score reads: truths, lists, .npy. The first byte says which.
enum TableFuzzer {
  private static let words = ["yes", "no", "_unknown_", "_silence_"]

  static func run(_ data: UnsafeRawBufferPointer) {
    guard let kind = data.first else { return }
    let file = MemoryFile(UnsafeRawBufferPointer(rebasing: data[1...]))
    defer { file.close() }
    switch kind % 3 {
    case 0: truth(file)
    case 1: list(file)
    default: array(file)
    }
  }

  private static func truth(_ file: MemoryFile) {
    guard let truth = try? TruthFile.read(file.path) else { return }
    let score = StreamScore(
      events: (0..<8).map { .init(word: $0 % 4, score_q15: 16384, position: Int64($0) * 8000) }, words: words,
      truth: truth)
    let report = StreamReport(modelPath: "x", score: score, events: [], words: words, audio_s: 4)
    expectPlain(report.text)
    expectPlain(report.json.text)
  }

  private static func list(_ file: MemoryFile) {
    let rule = WordRule(words: words, unknownIndex: 2, silenceIndex: 3)
    guard let clips = try? ClipList.clips(list: file.path, root: "/", rule: rule) else { return }
    for clip in clips { expectPlain(visible(clip.path)) }
  }

  private static func array(_ file: MemoryFile) {
    guard let array = try? NumpyArray(path: file.path) else { return }
    let count = array.header.elementCount
    expect(count >= 0, "a negative count")
    switch array.header.element {
    case .float32, .float64: _ = try? array.bytes(0, min(count, 1000))
    default: if count < 1 << 20 { _ = try? array.integers() }
    }
  }

  private static func expectPlain(_ text: String) {
    for scalar in text.unicodeScalars where scalar != "\n" { expect(!scalar.isObeyed, "a control character") }
  }
}
