// example
import LogMel

/// The log-mel frames of some audio, which may come in blocks of any size.
func frames(of blocks: [[Int16]], section: UnsafeRawBufferPointer) throws -> [[Int16]] {
  let settings = try LogMelSettings(section: section)  // section FRNT of a model file
  let memory = UnsafeMutableRawBufferPointer.allocate(
    byteCount: LogMelExtractor.requiredBytes(for: settings), alignment: LogMelExtractor.requiredAlignment)
  defer { memory.deallocate() }
  let extractor = LogMelExtractor(settings: settings, memory: memory)
  var frame = [Int16](repeating: 0, count: settings.bandCount)
  var frames: [[Int16]] = []
  for block in blocks {
    block.withUnsafeBufferPointer { samples in
      var rest = samples[...]
      while !rest.isEmpty {  // each call ends after a frame
        let progress = extractor.accept(UnsafeBufferPointer(rebasing: rest), frame: &frame)
        if progress.isFrameReady { frames.append(frame) }
        rest = rest.dropFirst(progress.consumed_samples)
      }
    }
  }
  return frames
}
// end
