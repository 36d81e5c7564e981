import CSndFile

/// libsndfile over a `ByteSource`: any sound to 16 kHz mono.
///
/// Samples are decoded to Float, because libsndfile's own conversion to 16 bits gives zeros for float files and wraps on loud
/// Ogg; then each channel is rounded half up with saturation, the channels are mixed, and the mix is resampled.
final class SoundDecoder {
  /// Below 1 kHz there is no speech, but a damaged header that would make hours of sound out of nothing.
  static let rates_hz = 1_000...768_000

  let rate_hz: Int
  let channels: Int
  /// Frames the header declares; nil: unknown, as in a stream whose writer could not know.
  let declared_frames: Int64?

  private let bytes: ByteSource
  private let name: String
  private let file: OpaquePointer
  private let decoded: FixedBuffer<Float>
  private var conditioner: Conditioner
  private var read_frames: Int64 = 0
  private let isFloat: Bool
  private let isFLAC: Bool
  private var isFollowed = false
  /// The largest magnitude of a float so far; full scale is 1.
  private var largest: Float = 0
  private var atEnd = false
  private var failure: AudioError?

  /// `blockFrames`: nil for 10 ms, so that a live stream is not held up.
  init(bytes: ByteSource, name: String, blockFrames: Int?, settings: SoundSettings) throws(AudioError) {
    self.bytes = bytes
    self.name = name
    var calls = virtualFile
    var info = SF_INFO()
    guard let file = sf_open_virtual(&calls, Int32(SFM_READ), &info, Unmanaged.passUnretained(bytes).toOpaque()) else {
      throw Self.openingFailed(bytes, name)
    }
    let rate = Int(info.samplerate)
    let channels = Int(info.channels)
    do throws(AudioError) {
      try Self.check(info, in: bytes, name: name)
      try settings.check(channels: channels, of: name)
    } catch {
      sf_close(file)
      throw error
    }
    self.file = file
    rate_hz = rate
    self.channels = channels
    let declared_bytes = bytes.declared_bytes
    // By libsndfile's size of a frame: what a WAV file says of it may be wrong.
    declared_frames =
      declared_bytes.flatMap { bytes in DeclaredLength.frameBytes(info).map { bytes / $0 } }
      ?? DeclaredLength(info).frames
    isFLAC = Int(info.format) & Int(SF_FORMAT_TYPEMASK) == Int(SF_FORMAT_FLAC)
    let coding = Int(info.format) & Int(SF_FORMAT_SUBMASK)
    isFloat = coding == Int(SF_FORMAT_FLOAT) || coding == Int(SF_FORMAT_DOUBLE)
    let blockFrames = blockFrames ?? max(1, rate / 100)
    decoded = FixedBuffer(count: blockFrames * channels, filledWith: 0)
    conditioner = Conditioner(rate_hz: rate, channels: channels, blockFrames: blockFrames, settings: settings)
  }

  deinit { sf_close(file) }

  var channelBalance: ChannelBalance? { conditioner.channelBalance }
  var largestFloat: Float? { isFloat ? largest : nil }

  func read(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead {
    while true {
      let produced = conditioner.drain(into: buffer)
      if produced > 0 { return .samples(produced) }
      if atEnd {
        let left = conditioner.finish(into: buffer)
        if left > 0 { return .samples(left) }
        if isFollowed { checkWhatFollows() }
        if let failure { throw failure }
        return .end
      }
      try decodeBlock()
    }
  }

  private func decodeBlock() throws(AudioError) {
    let wanted = wanted_frames
    let frames = sf_readf_float(file, decoded.start, sf_count_t(wanted))
    if frames > 0 {
      guard convertFloat(decoded.start, to: conditioner.block.start, count: Int(frames) * channels) else {
        throw AudioError(.unsupported, name, "holds samples that are not numbers (NaN); it is damaged, write it anew")
      }
      if isFloat { for at in 0..<Int(frames) * channels { largest = max(largest, abs(decoded.start[at])) } }
      read_frames += frames
      conditioner.accept(frames: Int(frames))
    }
    if frames < wanted {
      atEnd = true
      failure = endProblem()
    }
  }

  /// Asked for no more frames than there are, FLAC's decoder would not look at what follows them.
  private var wanted_frames: Int {
    let all = conditioner.blockFrames
    return isFLAC && all > 1 && declared_frames == read_frames + Int64(all) ? all - 1 : all
  }

  /// A file that ended too early must not pass for a short one. What could be read is handed over first.
  private func endProblem() -> AudioError? {
    if let pipe = bytes.origin as? PipeBytes, pipe.stopped { return nil }
    if bytes.failure != 0 { return .system(bytes.failure, name) }
    if let declared_frames, read_frames < declared_frames {
      return .truncated(name, detail: "it declares \(declared_frames) frames and holds \(read_frames)")
    }
    if sf_error(file) != SF_ERR_NO_ERROR {
      if isFLAC && read_frames == declared_frames {
        isFollowed = true
        return nil
      }
      let reason = String(cString: sf_strerror(file))
      return AudioError(.truncated, name, "is damaged after \(read_frames) frames (\(reason)); write it anew")
    }
    // Codecs that work in blocks fill a cut one with zeros.
    if declared_frames != nil && log(file).contains("Warning : short read") {
      return .truncated(name, detail: "its last block is incomplete")
    }
    return nil
  }

  /// All samples are there, and something is behind them.
  private func checkWhatFollows() {
    isFollowed = false
    if !endsInTag(bytes.origin.lastBytes()) { failure = .unread(nil, name) }
  }

  private static func check(_ info: SF_INFO, in bytes: ByteSource, name: String) throws(AudioError) {
    guard rates_hz.contains(Int(info.samplerate)) else {
      throw .badRate(Int64(info.samplerate), name)
    }
    guard ChannelMixer.channelCounts.contains(Int(info.channels)) else {
      throw .badChannels(Int64(info.channels), name)
    }
    guard bytes.declared_bytes ?? info.frames > 0 else {
      throw AudioError(.empty, name, "holds no samples; record or convert it anew")
    }
    guard let file = bytes.origin as? FileBytes else { return }
    let declared = DeclaredLength(info)
    if FileEnd.isMissing(file) || declared.bytes ?? 0 > file.size {
      let frames = declared.frames.map { "it declares \($0) frames and its" } ?? "its"
      throw .truncated(name, detail: "\(frames) \(file.size) bytes end too early")
    }
  }

  private static func openingFailed(_ bytes: ByteSource, _ name: String) -> AudioError {
    let problem = HeaderProblem(of: bytes.origin)
    bytes.origin.position = 0
    // Not in libsndfile's words: those of whoever opened a file last, in whatever thread, are the only ones it has.
    let isKnown = SoundMagic(bytes.origin.read(128)) != nil
    let reason = isKnown ? "its header is damaged or cut off" : "it begins as no format that is known"
    if bytes.failure != 0 { return .system(bytes.failure, name) }
    return switch problem {
    case .codec(let codec)?: .foreign(.sound(codec), name)
    case .rate(let rate_hz)?: .badRate(rate_hz, name)
    case .channels(let channels)?: .badChannels(channels, name)
    case nil: .notASound(name, reason: reason)
    }
  }
}

extension AudioError {
  static func notASound(_ name: String, reason: String) -> AudioError {
    AudioError(
      .notASound, name, "is not a sound file that can be read (\(reason)); give wav, flac, ogg, aiff or the like")
  }

  static func badRate(_ rate_hz: Int64, _ name: String) -> AudioError {
    AudioError(
      .unsupported, name,
      "has \(rate_hz) samples a second, by its header; 1000 to 768000 are served. Where the header is wrong: sox -r 16000 INPUT OUTPUT"
    )
  }

  static func badChannels(_ channels: Int64, _ name: String) -> AudioError {
    AudioError(.unsupported, name, "has \(channels) channels, by its header; 1 to 1024 are served")
  }

  static func truncated(_ name: String, detail: String) -> AudioError {
    AudioError(.truncated, name, "is truncated: \(detail); copy or record it anew")
  }
}

private func log(_ file: OpaquePointer) -> String {
  var text = [UInt8](repeating: 0, count: 4096)
  sf_command(file, Int32(SFC_GET_LOG_INFO), &text, Int32(text.count))
  return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
}

private func source(_ user: UnsafeMutableRawPointer?) -> ByteSource {
  Unmanaged<ByteSource>.fromOpaque(user!).takeUnretainedValue()
}

private let virtualFile = SF_VIRTUAL_IO(
  get_filelen: { source($0).length },
  seek: { offset, whence, user in
    let bytes = source(user)
    guard !bytes.isAskedInCircles() else { return .max }
    return switch whence {
    case SEEK_SET: bytes.seek(to: offset)
    case SEEK_CUR: bytes.seek(to: bytes.position.addingReportingOverflow(offset).partialValue)
    // MP3's decoder then knows that it must take what comes.
    default: bytes.length == .max ? -1 : bytes.seek(to: bytes.length &+ offset)
    }
  },
  read: { target, count, user in sf_count_t(source(user).read(into: target!, count: Int(count))) },
  write: { _, _, _ in 0 },
  tell: { user in
    let bytes = source(user)
    return bytes.isAskedInCircles() ? .max : bytes.position
  })
