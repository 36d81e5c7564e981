import SiLIF
import SpotterHost

/// What a batch gave, as text or JSON.
struct BatchReport {
  /// One clip's result, for the list of results.
  struct ClipResult {
    let name: String
    let label: Int?
    let winner: Int
    let confidence: Double
    /// nil where the model does not say how sure to be.
    let probability: Double?
  }

  let modelPath: String
  let words: [String]
  let layerSizes: [Int]
  private(set) var tally: Tally
  private(set) var errors: [(name: String, message: String)] = []
  private(set) var results: [ClipResult] = []
  /// Whether a stop left clips, or seeds, undone.
  var isInterrupted: Bool
  /// Of a network that draws numbers: each seed that was tried, with the clips that were right.
  private(set) var seeds: [(seed: UInt64, correct: Int)] = []
  var elapsed_s = 0.0
  var jobs = 1
  /// Whether every clip's own result is listed.
  var listsClips = false

  init(file: ModelFile, batch: some ClipBatch, outcomes: [BatchRun.Outcome]) {
    modelPath = file.path
    words = file.model.words.strings
    layerSizes = (0..<file.model.header.layerCount - 1).map { file.model.layer($0).outputs }
    tally = Tally(classCount: words.count, hiddenLayerCount: layerSizes.count)
    var skipped = 0
    for (index, outcome) in outcomes.enumerated() {
      switch outcome {
      case .scored(let outcome):
        tally.add(outcome, label: batch.label(index))
        results.append(
          ClipResult(
            name: batch.name(index), label: batch.label(index), winner: outcome.score.winner,
            confidence: outcome.score.confidence, probability: outcome.score.probability))
      case .failed(let failure): errors.append((batch.name(index), failure.message))
      case .skipped: skipped += 1
      }
    }
    isInterrupted = skipped > 0
  }

  mutating func addSeed(_ seed: UInt64, correct: Int) { seeds.append((seed, correct)) }

  /// Spikes per neuron and step of each hidden layer.
  var firingRates: [Double] {
    layerSizes.indices.map {
      tally.steps == 0 ? 0 : Double(tally.layerSpikes[$0]) / Double(tally.steps) / Double(layerSizes[$0])
    }
  }
}
