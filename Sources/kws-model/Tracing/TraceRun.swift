import AudioInput
import CommandSupport
import KeywordSpotter
import SiLIF
import SpotterHost

/// Runs a fresh network over an input and records every step.
enum TraceRun {
  /// Over a sound file, to its end: no zeros are appended.
  static func sound(_ path: String, file: ModelFile, into trace: TraceWriter, stop: StopRequest) throws {
    try file.requireAudio()
    let memory = AlignedMemory(byteCount: try FramePipeline.requiredBytes(for: file.model))
    var pipeline = try FramePipeline(model: file.model, memory: memory.bytes)
    let scratch = ClipScratch()
    do {
      let source = try SoundFile(path: path)
      while case .samples(let count) = try source.read(into: scratch.block), !stop.isRequested {
        var rest = UnsafeBufferPointer(rebasing: scratch.block[..<count])
        while !rest.isEmpty {
          let progress = pipeline.accept(rest)
          rest = UnsafeBufferPointer(rebasing: rest[progress.consumed_samples...])
          if progress.hasStepped { try trace.append(pipeline.network) }
        }
      }
    } catch let error as AudioError {
      throw Failure(error.description)
    }
    withExtendedLifetime(memory) {}
  }

  /// Over precomputed frames: [step, feature], or one clip of [clip, step, feature].
  static func frames(
    _ array: NumpyArray, clip: Int?, file: ModelFile, into trace: TraceWriter, stop: StopRequest
  ) throws {
    let frames = try InputFrames(array, header: file.model.header, dimensions: clip == nil ? 2 : 3)
    let shape = array.header.shape
    if let clip, clip >= shape[0] { throw Failure("\(array.path): there is no clip \(clip): it holds \(shape[0])") }
    let memory = AlignedMemory(byteCount: Network.requiredBytes(for: file.model))
    let network = Network(model: file.model, memory: memory.bytes)
    let steps = clip == nil ? shape[0] : shape[1]
    var values: [Int16] = []
    for step in 0..<steps where !stop.isRequested {
      try frames.read((clip ?? 0) * steps + step, 1, into: &values)
      values.withUnsafeBufferPointer { network.step($0.baseAddress!) }
      try trace.append(network)
    }
    withExtendedLifetime(memory) {}
  }
}
