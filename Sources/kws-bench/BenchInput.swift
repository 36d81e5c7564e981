import AudioInput
import CommandSupport
import KeywordSpotter
import LogMel
import SiLIF
import SpotterHost

/// What is computed on, all of it in memory, so that no file is read while a stage is timed.
struct BenchInput {
  /// What the report calls it.
  let name: String
  /// 16 kHz samples; empty for a model without front end.
  private(set) var samples: [Int16] = []
  /// Input frames, [frame][inputCount]; empty where samples are given.
  private(set) var frames: [Int16] = []

  /// Ten minutes: what fits in memory on any board.
  private static let limit_samples = 600 * outputRate_hz

  /// Of a self-test, which may have a million: enough for spikes to come and go.
  private static let most_steps = 500

  /// - Parameter path: nil for the model's own self-test input.
  init(path: String?, file: ModelFile) throws(Failure) {
    let test = file.model.selfTest
    guard let path else {
      let values = test.values.prefix(try BenchInput.beginning(of: file.model, file.path))
      let beginning = values.count < test.values.count ? "the first \(BenchInput.most_steps) steps of " : ""
      name = "\(beginning)the model's self-test input, repeated"
      if test.input == .samples { samples = Array(values) } else { frames = Array(values) }
      return
    }
    name = path
    if path.hasSuffix(".npy") || path.hasSuffix(".npz") {
      let array = try NumpyArray(path: path)
      let input = try InputFrames(array, header: file.model.header, dimensions: array.header.shape.count == 2 ? 2 : 3)
      try input.read(0, array.header.elementCount / file.model.header.inputCount, into: &frames)
      for note in input.notes { Diagnostics.say(note, command: "kws-bench") }
      return
    }
    try file.requireAudio()
    let sound = try SoundReader(path: path)
    while samples.count < BenchInput.limit_samples, let block = try sound.next() { samples += block }
  }

  /// Values of the self-test that make so many steps.
  private static func beginning(of model: Model, _ path: String) throws(Failure) -> Int {
    do throws(SpotterError) {
      guard model.selfTest.input == .samples, let frontEnd = try FramePipeline.frontEndSettings(of: model) else {
        return most_steps * model.header.inputCount
      }
      return frontEnd.frameLength_samples + (most_steps - 1) * frontEnd.hop_samples
    } catch { throw Failure(spotterMessage(error, path: path)) }
  }
}
