import CSndFile

@testable import AudioInput

/// Writes interleaved samples by libsndfile, in any of its formats.
func write(_ samples: [Int16], to path: String, format: Int, rate_hz: Int, channels: Int) {
  var info = SF_INFO(
    frames: 0, samplerate: Int32(rate_hz), channels: Int32(channels), format: Int32(format), sections: 0, seekable: 0)
  let file = sf_open(path, Int32(SFM_WRITE), &info)!
  let frames = sf_count_t(samples.count / channels)
  switch format & Int(SF_FORMAT_SUBMASK) {
  case Int(SF_FORMAT_FLOAT), Int(SF_FORMAT_DOUBLE), Int(SF_FORMAT_VORBIS):
    sf_writef_float(file, samples.map { Float($0) / 32_768 }, frames)
  default:
    // As integers: libsndfile writes Float 1.0 as 32767, and reads 32768 as 1.0.
    sf_writef_int(file, samples.map { Int32($0) << 16 }, frames)
  }
  sf_close(file)
}

func writeFloats(_ samples: [Float], to path: String) {
  let format = Int32(SF_FORMAT_WAV) | Int32(SF_FORMAT_FLOAT)
  var info = SF_INFO(frames: 0, samplerate: 16_000, channels: 1, format: format, sections: 0, seekable: 0)
  let file = sf_open(path, Int32(SFM_WRITE), &info)!
  sf_writef_float(file, samples, sf_count_t(samples.count))
  sf_close(file)
}

/// Everything a source gives, so many samples at a time.
func readAll(_ source: any AudioSource, block: Int = 4096, limit: Int = .max) throws -> [Int16] {
  var result: [Int16] = []
  var room = [Int16](repeating: 0, count: block)
  while result.count < limit {
    let wanted = min(block, limit - result.count)
    switch try room.withUnsafeMutableBufferPointer({ try source.read(into: .init(rebasing: $0[..<wanted])) }) {
    case .samples(let count): result += room[..<count]
    case .gap, .lost: result += []
    case .end: return result
    }
  }
  return result
}

func mix(_ samples: [Int16], channels: Int) -> [Int16] {
  var output = [Int16](repeating: 0, count: samples.count / channels)
  ChannelMixer(channels: channels).mix(samples, frames: output.count, into: &output)
  return output
}

/// What a source must make of interleaved samples.
func expected(_ samples: [Int16], rate_hz: Int, channels: Int) -> [Int16] {
  resample(mix(samples, channels: channels), rate_hz: rate_hz)
}

/// The error of a body that must throw one.
func audioError(_ body: () throws -> Void) -> AudioError? {
  do { try body() } catch { return error as? AudioError }
  return nil
}
