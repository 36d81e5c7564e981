/// What one read hands over. Samples are 16 kHz, mono, signed 16 bits, whatever the source was.
public enum AudioRead: Equatable, Sendable {
  /// So many samples (at least one) were written to the start of the buffer.
  case samples(Int)
  /// The device gives no sound any more. The next read waits until it does again, and then gives `.gap`. Nothing was written.
  case lost(SoundLoss.Cause)
  /// Samples are missing here: what came before does not join what comes next, so whoever keeps state must fill the gap or
  /// reset. Nothing was written.
  case gap(SoundLoss)
  /// The source has ended, or its stop descriptor became readable. Nothing was written, nor will be.
  case end
}

/// A microphone, a sound file or a pipe, read as 16 kHz mono in blocks of any size. The samples do not depend on the blocks.
/// A source belongs to one thread at a time; different sources may be read by different threads at once.
public protocol AudioSource: AnyObject {
  /// Blocks until there is at least one sample, a gap, a loss or the end. `buffer` holds at least one sample.
  func read(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead
  /// How loud the channels were that were mixed, over the first ten seconds; nil where there is one, or one was chosen.
  var channelBalance: ChannelBalance? { get }
  /// The largest magnitude so far of samples that are floats, whose full scale is 1; nil where they are integers.
  var largestFloat: Float? { get }
}

extension AudioSource {
  /// One channel.
  public var channelBalance: ChannelBalance? { nil }
  /// Integers.
  public var largestFloat: Float? { nil }
}

/// The rate of everything that leaves this module.
public let outputRate_hz = 16_000
