/// The sums over a batch.
struct Tally: Equatable, Sendable {
  let classCount: Int
  private(set) var clips = 0
  private(set) var labelled = 0
  private(set) var correct = 0
  /// [true class][winner], labelled clips only.
  private(set) var confusion: [[Int]]
  private(set) var steps = 0
  private(set) var layerSpikes: [UInt64]
  private(set) var synapticOperations: UInt64 = 0
  /// nil in release builds.
  private(set) var saturations: UInt64?
  private(set) var audio_s = 0.0

  init(classCount: Int, hiddenLayerCount: Int) {
    self.classCount = classCount
    confusion = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: classCount)
    layerSpikes = [UInt64](repeating: 0, count: hiddenLayerCount)
  }

  mutating func add(_ outcome: ClipOutcome, label: Int?) {
    clips += 1
    steps += outcome.score.frames
    for index in layerSpikes.indices { layerSpikes[index] += outcome.score.layerSpikes[index] }
    synapticOperations += outcome.score.synapticOperations
    if let count = outcome.score.saturations { saturations = (saturations ?? 0) + count }
    audio_s += outcome.audio_s
    guard let label else { return }
    labelled += 1
    if label == outcome.score.winner { correct += 1 }
    confusion[label][outcome.score.winner] += 1
  }

  /// Labelled clips of a class.
  func clipCount(of word: Int) -> Int { confusion[word].reduce(0, +) }
  /// Labelled clips that were taken for a class.
  func winnerCount(of word: Int) -> Int { confusion.reduce(0) { $0 + $1[word] } }
}
