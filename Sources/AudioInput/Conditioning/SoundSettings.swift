import Glibc

/// What is done to sound on its way to 16 kHz mono, by a person's wish.
public struct SoundSettings: Equatable, Sendable {
  /// The one channel that is heard, 0...1023; nil: the mean of all.
  public var channel: Int?
  /// Amplification, -60...60.
  public var gain_dB = 0.0

  /// All channels, not amplified.
  public init() {}

  /// 65536 is 1.
  var gain_q16: Int64 { Int64((65_536 * pow(10, gain_dB / 20)).rounded()) }

  /// - Throws: AudioError where a value is out of its range.
  func check(of name: String) throws(AudioError) {
    try checkSetting("channel", channel, 0...ChannelMixer.channelCounts.upperBound - 1, of: name)
    try checkSetting("gain_dB", gain_dB, -60...60, of: name)
  }

  /// - Throws: AudioError, and also where the sound does not have the channel that is wanted.
  func check(channels: Int, of name: String) throws(AudioError) {
    try check(of: name)
    guard let channel, channel >= channels else { return }
    let there = channels == 1 ? "has one channel, which is 0" : "has channels 0 to \(channels - 1)"
    throw AudioError(.unsupported, name, "\(there), and no channel \(channel)")
  }
}

/// - Throws: AudioError where a program has set a value that is out of its range.
func checkSetting<Value>(
  _ setting: String, _ value: Value?, _ range: ClosedRange<Value>, of name: String
) throws(AudioError) {
  guard let value, !range.contains(value) else { return }
  let limits = "\(range.lowerBound) to \(range.upperBound)"
  throw AudioError(.unsupported, name, "cannot be read with \(setting) = \(value); give \(limits)")
}

/// How loud the channels of a source are beside their mean, over its first ten seconds.
public struct ChannelBalance: Equatable, Sendable, BitwiseCopyable {
  /// Channels that were mixed, 2 or more.
  public let channels: Int
  /// The loudest of them, from 0.
  public let loudest: Int
  /// Mean square of that one: full scale is 2^30.
  public let loudestPower: Double
  /// The same of the mean of all channels.
  public let mixPower: Double

  /// How much weaker the mean is than the loudest channel.
  public var loss_dB: Double { 10 * log10(max(loudestPower, 1e-9) / max(mixPower, 1e-9)) }

  /// Whether channels cancel each other, or most are silent, so that one of them should be chosen: the mean of channels with
  /// nothing in common is weaker by the root of their number, and this one by 4 dB more.
  public var isLossy: Bool { loudestPower > 10 && loss_dB > 10 * log10(Double(channels)) + 4 }
}

/// Measures `ChannelBalance` on the audio path.
struct ChannelMeter: ~Copyable {
  // As floating point: a level needs no exact sums, and these never overflow.
  private let squares: FixedBuffer<Double>
  private var mixSquares = 0.0
  private var frames: Int64 = 0
  private let most_frames: Int64

  init(channels: Int, rate_hz: Int) {
    squares = FixedBuffer(count: channels, filledWith: 0)
    most_frames = Int64(10 * rate_hz)
  }

  /// - Parameter input: [frame][channel], interleaved.
  @_noAllocation @_noLocks
  mutating func measure(_ input: UnsafePointer<Int16>, frames count: Int) {
    guard frames < most_frames else { return }
    frames &+= Int64(count)
    var at = 0
    for _ in 0..<count {
      var sum: Int64 = 0
      for channel in 0..<squares.count {
        let sample = Int64(input[at &+ channel])
        squares.start[channel] += Double(sample &* sample)
        sum &+= sample
      }
      at &+= squares.count
      mixSquares += Double(sum &* sum)
    }
  }

  var balance: ChannelBalance? {
    guard squares.count > 1, frames > 0 else { return nil }
    var loudest = 0
    for channel in 1..<squares.count where squares.start[channel] > squares.start[loudest] { loudest = channel }
    let scale = Double(frames)
    let channels = Double(squares.count)
    return ChannelBalance(
      channels: squares.count, loudest: loudest, loudestPower: squares.start[loudest] / scale,
      mixPower: mixSquares / channels / channels / scale)
  }
}
