/// Raw samples of a pipe to 16 kHz mono, as they come.
final class RawDecoder {
  private let bytes: PipeBytes
  private let name: String
  private let rate_hz: Int
  private let frameBytes: Int
  private let blockFrames: Int
  /// Bytes as they came; the first `carried` are the beginning of a frame.
  private let staged: FixedBuffer<UInt8>
  private var carried = 0
  private var conditioner: Conditioner
  /// Whether what comes may still turn out to be text.
  private var mayBeText: Bool
  private var atEnd = false

  /// - Throws: AudioError for a channel that there is not, or a value out of its range.
  init(
    bytes: PipeBytes, name: String, format: RawFormat, settings: SoundSettings, refusesText: Bool
  ) throws(AudioError) {
    try format.check(of: name)
    try settings.check(channels: format.channels, of: name)
    self.bytes = bytes
    self.name = name
    mayBeText = refusesText
    frameBytes = 2 * format.channels
    rate_hz = format.rate_hz
    blockFrames = max(1, format.rate_hz / 50)
    staged = FixedBuffer(count: blockFrames * frameBytes, filledWith: 0)
    conditioner = Conditioner(
      rate_hz: format.rate_hz, channels: format.channels, blockFrames: blockFrames, settings: settings)
  }

  var channelBalance: ChannelBalance? { conditioner.channelBalance }

  func read(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead {
    while true {
      let produced = conditioner.drain(into: buffer)
      if produced > 0 { return .samples(produced) }
      if atEnd {
        let left = conditioner.finish(into: buffer)
        return left > 0 ? .samples(left) : .end
      }
      // No more than this read can hand over: what comes later may be a request to stop.
      let wanted_frames = min(blockFrames, max(1, buffer.count * rate_hz / outputRate_hz))
      let got = bytes.readAvailable(into: staged.start + carried, count: wanted_frames * frameBytes - carried)
      if got == 0 {
        if bytes.failure != 0 { throw AudioError.system(bytes.failure, name) }
        atEnd = true
        continue
      }
      let count = carried + got
      // The first reads give the few bytes that were looked at already.
      if mayBeText && count > 4 {
        if looksLikeText(UnsafeRawBufferPointer(start: staged.start, count: count)) {
          throw AudioError.text(name)
        }
        mayBeText = false
      }
      let frames = count / frameBytes
      carried = count % frameBytes
      staged.start.withMemoryRebound(to: Int16.self, capacity: frames * frameBytes / 2) {
        convertInt16LittleEndian($0, to: conditioner.block.start, count: frames * frameBytes / 2)
      }
      for at in 0..<carried { staged.start[at] = staged.start[frames * frameBytes + at] }
      conditioner.accept(frames: frames)
    }
  }
}
