/// Raw samples: S16_LE, interleaved, without a header.
public struct RawFormat: Equatable, Sendable {
  /// Frames a second, 1,000 to 768,000.
  public var rate_hz = outputRate_hz
  /// Samples in a frame, 1 to 1,024.
  public var channels = 1

  /// 16 kHz, mono.
  public init() {}

  /// - Throws: AudioError where a value is out of its range.
  func check(of name: String) throws(AudioError) {
    try checkSetting("rate_hz", rate_hz, SoundDecoder.rates_hz, of: name)
    try checkSetting("channels", channels, ChannelMixer.channelCounts, of: name)
  }
}

/// A stream of bytes: standard input, a named pipe, a raw file. S16_LE, 16 kHz, mono, without a header, unless it begins as a
/// sound file, which is decoded as it comes, also when it never ends. Only where the decoder must go back and forth (AIFF, AU, CAF or
/// W64 with compressed samples) all of it is waited for. Formats that cannot be decoded are refused.
///
/// Raw samples are handed over as soon as they arrive. A stream that begins with much text is refused: it would be noise. Half a
/// frame left at the end is dropped. A stream without a byte is no error: it ends.
public final class StandardInput: AudioSource {
  private enum Content {
    case undecided
    case raw(RawDecoder)
    case sound(SoundDecoder)
    case spooled(SoundFile)
  }

  private let bytes: PipeBytes
  private let name: String
  private let settings: SoundSettings
  private let rawFormat: RawFormat?
  private var content = Content.undecided
  /// Where the samples end that are read, and how what follows them is laid out.
  private var end: (place: Int64, length: Int64, chunks: ChunkLayout?)?
  private var unread: Int64 = 0

  /// Nothing is read yet.
  ///
  /// - Parameters:
  ///   - descriptor: stays open when this object goes.
  ///   - settings: which channel is heard, and how loud.
  ///   - rawFormat: what the bytes are, whatever they begin with; nil: what they begin as.
  ///   - stopDescriptor: when it becomes readable, a blocked `read` gives `.end`.
  public convenience init(
    descriptor: Int32 = 0, settings: SoundSettings = SoundSettings(), rawFormat: RawFormat? = nil,
    stopDescriptor: Int32? = nil
  ) {
    self.init(
      bytes: PipeBytes(descriptor: descriptor, stopDescriptor: stopDescriptor, closesDescriptor: false),
      name: "standard input", settings: settings, rawFormat: rawFormat)
  }

  init(bytes: PipeBytes, name: String, settings: SoundSettings = SoundSettings(), rawFormat: RawFormat? = nil) {
    (self.bytes, self.name, self.settings, self.rawFormat) = (bytes, name, settings, rawFormat)
  }

  /// Waits for bytes.
  ///
  /// - Throws: AudioError: `.notASound` for text, `.unsupported` for settings out of their range, and what `SoundFile` throws where
  ///   the stream is a sound file.
  public func read(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead {
    while true {
      switch content {
      case .undecided: content = try decide()
      case .raw(let decoder): return try decoder.read(into: buffer)
      case .spooled(let file): return try file.read(into: buffer)
      case .sound(let decoder):
        let result = try decoder.read(into: buffer)
        guard result == .end else { return result }
        if !bytes.beginNextPart() {
          guard try goesOn() else { return .end }
        }
        content = try decide()
      }
    }
  }

  /// Whether another sound follows a container with a length, which then begins here.
  private func goesOn() throws(AudioError) -> Bool {
    if let end, !bytes.stopped, bytes.goOn(at: end.place) {
      let found = SoundRest.find(in: bytes, layout: end.chunks, length: end.length)
      self.end = nil
      if case .unread(let count) = found { unread = count }
      if found == .sound && !bytes.stopped {
        bytes.beginHere()
        return true
      }
    }
    if bytes.stopped { return false }
    if bytes.failure != 0 { throw .system(bytes.failure, name) }
    if unread > 0 { throw .unread(unread, name) }
    return false
  }

  /// How loud the channels were that were mixed.
  public var channelBalance: ChannelBalance? {
    switch content {
    case .undecided: nil
    case .raw(let decoder): decoder.channelBalance
    case .sound(let decoder): decoder.channelBalance
    case .spooled(let file): file.channelBalance
    }
  }

  /// The largest magnitude of a float so far.
  public var largestFloat: Float? {
    switch content {
    case .undecided, .raw: nil
    case .sound(let decoder): decoder.largestFloat
    case .spooled(let file): file.largestFloat
    }
  }

  private func decide() throws(AudioError) -> Content {
    defer { bytes.stopKeeping() }
    if let rawFormat { return .raw(try raw(rawFormat, refusesText: false)) }
    var magic = firstMagic()
    // A tag, of megabytes where it holds a picture, does not tell whose it is: what is behind it does.
    while magic == .mp3, case let head = bytes.read(10), let tag = head.withUnsafeBytes({ id3Length($0) }) {
      bytes.drop(Int64(tag))
      magic = firstMagic() ?? .mp3
    }
    _ = bytes.seek(to: 0)
    guard let magic else {
      if ForeignFrames.isTar(bytes.available(ForeignFrames.tar_bytes)) { throw .foreign(ForeignFrames.tar, name) }
      return .raw(try raw(RawFormat(), refusesText: true))
    }
    do throws(AudioError) {
      if case .foreign(let format) = magic { throw AudioError.foreign(format, name) }
      if let kind = magic.partKind { bytes.splitParts(kind) }
      let found = HeadedSamples.header(of: bytes)
      let headed = found.flatMap { HeadedSamples(pipe: bytes, $0) }
      end = found.flatMap { found in
        found.length.map { (found.header.samplesStart + $0, $0, found.header.chunks) }
      }
      _ = bytes.seek(to: 0)
      let isUnfinished = found.map { $0.length == nil && $0.header.declaredLength == 0 } ?? false
      let isSpooled = headed == nil && ([.otherContainer, .adpcm].contains(magic) || isUnfinished)
      // Or else libsndfile takes what follows the samples for damage.
      if let end, headed == nil, !isSpooled { bytes.limit = end.place }
      if isSpooled {
        end = nil
        return .spooled(
          try SoundFile(try SpooledFile.bytes(of: bytes, name: name), path: name, settings: settings))
      }
      return .sound(try SoundDecoder(bytes: headed ?? bytes, name: name, blockFrames: nil, settings: settings))
    } catch {
      // Which ends at once.
      if bytes.stopped { return .raw(try raw(RawFormat(), refusesText: false)) }
      throw error
    }
  }

  /// What the bytes begin as; nil: nothing that is known. Waits for as many as it takes: one, if nothing that is known begins
  /// with it. Leaves the position at the beginning.
  private func firstMagic() -> SoundMagic? {
    var first: [UInt8] = []
    var verdict = SoundMagic.verdict(first)
    while case .needs(let count) = verdict {
      // One at a time: who sends fewer for now is not waited for in vain.
      let next = bytes.read(1)
      if next.isEmpty { break }
      first += next
      if first.count >= count || first.count < 16 { verdict = SoundMagic.verdict(first) }
    }
    _ = bytes.seek(to: 0)
    guard case .known(let magic) = verdict else { return nil }
    return magic
  }

  private func raw(_ format: RawFormat, refusesText: Bool) throws(AudioError) -> RawDecoder {
    try RawDecoder(bytes: bytes, name: name, format: format, settings: settings, refusesText: refusesText)
  }
}
