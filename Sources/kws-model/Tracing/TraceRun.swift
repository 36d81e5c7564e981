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
    let sound = try SoundReader(path: path)
    while !stop.isRequested, var rest = try sound.next() {
      while pipeline.accept(&rest) { try trace.append(pipeline.network) }
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
    let memory = AlignedMemory(byteCount: try FramePipeline.requiredBytes(for: file.model))
    var pipeline = try FramePipeline(model: file.model, memory: memory.bytes)
    let steps = clip == nil ? shape[0] : shape[1]
    var values: [Int16] = []
    for step in 0..<steps where !stop.isRequested {
      try frames.read((clip ?? 0) * steps + step, 1, into: &values)
      values.withUnsafeBufferPointer {
        var frame = $0
        _ = pipeline.accept(frames: &frame)
      }
      try trace.append(pipeline.network)
    }
    for note in frames.notes { Diagnostics.say(note, command: "kws-model") }
    withExtendedLifetime(memory) {}
  }
}
