import CommandSupport
import SiLIF
import SpotterHost

/// Precomputed frames, [clip, step, feature], with or without labels, as a batch.
struct FrameBatch: ClipBatch {
  private let frames: InputFrames
  private let labels: [Int]?
  private let step_s: Double
  private let steps: Int
  private let classCount: Int

  /// - Parameter labels: integers, one a clip, in the model's word order.
  init(frames: NumpyArray, labels: NumpyArray?, header: NetworkHeader) throws(Failure) {
    self.frames = try InputFrames(frames, header: header, dimensions: 3)
    steps = frames.header.shape[1]
    step_s = Double(header.step_us) * 1e-6
    classCount = header.classCount
    self.labels = try labels.map { array throws(Failure) in
      try FrameBatch.read(array, clips: frames.header.shape[0], classCount: header.classCount)
    }
  }

  let isSound = false
  var notes: [String] { frames.notes }
  var count: Int { frames.array.header.shape[0] }
  func label(_ index: Int) -> Int? { labels?[index] }
  func name(_ index: Int) -> String { "clip \(index)" }

  func score(_ index: Int, scorer: inout ClipScorer) throws(Failure) -> ClipOutcome {
    var values: [Int16] = []
    try frames.read(index * steps, steps, into: &values)
    let score = values.withUnsafeBufferPointer { scorer.score(frames: $0) }
    return ClipOutcome(score: score, audio_s: Double(steps) * step_s)
  }

  private static func read(_ array: NumpyArray, clips: Int, classCount: Int) throws(Failure) -> [Int] {
    switch array.header.element {
    case .float32, .float64:
      throw Failure("\(array.path): labels of type \(array.header.element.name): give integers (x.astype('int32'))")
    default: break
    }
    guard array.header.shape == [clips] else {
      throw Failure("\(array.path): the shape is \(array.header.shape): one label for each of \(clips) clips is wanted")
    }
    var labels: [Int] = []
    for (index, label) in try array.integers().enumerated() {
      guard label >= 0, label < classCount else {
        throw Failure("\(array.path): label \(label) of clip \(index): this model has classes 0 to \(classCount - 1)")
      }
      labels.append(Int(label))
    }
    return labels
  }
}
