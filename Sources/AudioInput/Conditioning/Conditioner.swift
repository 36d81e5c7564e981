/// The part that all sources share: blocks of interleaved Int16 at any rate and channel count go in, 16 kHz mono comes out.
struct Conditioner: ~Copyable {
  /// Where a source puts its next block: `blockFrames` · channels samples.
  let block: FixedBuffer<Int16>
  let blockFrames: Int
  private let mixer: ChannelMixer
  private var resampler: Resampler
  private var pending = 0..<0

  init(rate_hz: Int, channels: Int, blockFrames: Int) {
    self.blockFrames = blockFrames
    block = FixedBuffer(count: blockFrames * channels, filledWith: 0)
    mixer = ChannelMixer(channels: channels)
    resampler = Resampler(rate_hz: rate_hz)
  }

  /// Says that `block` holds so many frames. The ones before must have been drained.
  @_noAllocation @_noLocks
  mutating func accept(frames: Int) {
    mixer.mix(block.start, frames: frames, into: block.start)
    pending = 0..<frames
  }

  /// Samples that are ready, at most `output.count`; 0: another block is needed.
  @_noAllocation @_noLocks
  mutating func drain(into output: UnsafeMutableBufferPointer<Int16>) -> Int {
    let input = UnsafeBufferPointer(start: block.start + pending.lowerBound, count: pending.count)
    let (consumed, produced) = resampler.process(input, into: output)
    pending = (pending.lowerBound + consumed)..<pending.upperBound
    return produced
  }

  /// After the last block: the samples that are left; 0: none.
  @_noAllocation @_noLocks
  mutating func finish(into output: UnsafeMutableBufferPointer<Int16>) -> Int {
    resampler.finish(into: output)
  }

  @_noAllocation @_noLocks
  mutating func reset() {
    pending = 0..<0
    resampler.reset()
  }
}
