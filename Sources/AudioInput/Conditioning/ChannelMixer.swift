/// Interleaved channels to one: their mean, rounded half up, or one of them.
public struct ChannelMixer: Sendable {
  /// Channels that can be mixed.
  public static let channelCounts = 1...1024

  /// Channels in a frame.
  public let channels: Int
  /// The one that is taken, from 0; nil: the mean of all.
  private let taken: Int?

  /// - Parameters:
  ///   - channels: in `channelCounts` (a precondition; ask first).
  ///   - taken: the one that is taken, below `channels` (a precondition); nil: the mean of all.
  public init(channels: Int, taking taken: Int? = nil) {
    precondition(Self.channelCounts.contains(channels), "channel count out of range")
    precondition(taken.map { (0..<channels).contains($0) } ?? true, "no such channel")
    self.taken = taken
    self.channels = channels
  }

  /// Mixes some frames.
  ///
  /// - Parameters:
  ///   - input: [frame][channel], interleaved.
  ///   - frames: 0 or more.
  ///   - output: [frame]; it may be the input itself.
  @_noAllocation @_noLocks
  public func mix(_ input: UnsafePointer<Int16>, frames: Int, into output: UnsafeMutablePointer<Int16>) {
    if let taken {
      for frame in 0..<frames { output[frame] = input[frame &* channels &+ taken] }
      return
    }
    switch channels {
    case 1:
      copySamples(input, to: output, count: frames)
    case 2:
      for frame in 0..<frames {
        let sum = Int32(input[2 * frame]) &+ Int32(input[2 * frame + 1])
        output[frame] = Int16(truncatingIfNeeded: (sum &+ 1) >> 1)
      }
    default:
      let divisor = 2 * Int32(channels)
      for frame in 0..<frames {
        var sum: Int32 = 0  // at most 1024 · 2^15 = 2^25
        for channel in 0..<channels { sum &+= Int32(input[frame * channels + channel]) }
        // A mean lies within -32768...32767; shifted by 65536 it is positive, where division rounds down.
        let shifted = 2 * sum + Int32(channels) + 65_536 * divisor
        output[frame] = Int16(truncatingIfNeeded: shifted / divisor - 65_536)
      }
    }
  }
}
