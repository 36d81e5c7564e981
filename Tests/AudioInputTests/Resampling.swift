@testable import AudioInput

/// A whole recording through the resampler, so many samples at a time in and out.
func resample(_ input: [Int16], rate_hz: Int, inputBlock: Int = .max, outputBlock: Int = 4096) -> [Int16] {
  var resampler = Resampler(rate_hz: rate_hz)
  return resample(input, with: &resampler, inputBlock: inputBlock, outputBlock: outputBlock)
}

func resample(
  _ input: [Int16], with resampler: inout Resampler, inputBlock: Int = .max, outputBlock: Int = 4096
) -> [Int16] {
  var result: [Int16] = []
  var room = [Int16](repeating: 0, count: outputBlock)
  var at = 0
  while at < input.count {
    let end = min(input.count, at + min(inputBlock, input.count))
    let (consumed, produced) = input[at..<end].withUnsafeBufferPointer { source in
      room.withUnsafeMutableBufferPointer { resampler.process(source, into: $0) }
    }
    at += consumed
    result += room[..<produced]
  }
  while true {
    let produced = room.withUnsafeMutableBufferPointer { resampler.finish(into: $0) }
    if produced == 0 { return result }
    result += room[..<produced]
  }
}
