import FixedPoint

/// The part that all sources share: blocks of interleaved Int16 at any rate and channel count go in, 16 kHz mono comes out.
struct Conditioner: ~Copyable {
  /// Where a source puts its next block: `blockFrames` · channels samples.
  let block: FixedBuffer<Int16>
  let blockFrames: Int
  private let mixer: ChannelMixer
  private var meter: ChannelMeter
  private let isMixed: Bool
  private let gain_q16: Int64
  private var resampler: Resampler
  private var pending = 0..<0

  /// - Parameter settings: with a channel that there is (a precondition; `check` it first).
  init(rate_hz: Int, channels: Int, blockFrames: Int, settings: SoundSettings = SoundSettings()) {
    self.blockFrames = blockFrames
    let taken = settings.channel
    // One channel has no balance.
    meter = ChannelMeter(channels: taken == nil ? channels : 1, rate_hz: rate_hz)
    block = FixedBuffer(count: blockFrames * channels, filledWith: 0)
    isMixed = taken == nil && channels > 1
    mixer = ChannelMixer(channels: channels, taking: taken)
    gain_q16 = settings.gain_q16
    resampler = Resampler(rate_hz: rate_hz)
  }

  /// How loud the channels were that were mixed; nil where none were.
  var channelBalance: ChannelBalance? { meter.balance }

  /// Says that `block` holds so many frames. The ones before must have been drained.
  @_noAllocation @_noLocks
  mutating func accept(frames: Int) {
    if isMixed { meter.measure(block.start, frames: frames) }
    mixer.mix(block.start, frames: frames, into: block.start)
    if gain_q16 != 65_536 { amplify(frames) }
    pending = 0..<frames
  }

  @_noAllocation @_noLocks
  private func amplify(_ frames: Int) {
    for at in 0..<frames {
      let amplified = roundedShift(Int64(block.start[at]) &* gain_q16, rightBy: 16)
      block.start[at] = Int16(truncatingIfNeeded: max(-32_768, min(32_767, amplified)))
    }
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
