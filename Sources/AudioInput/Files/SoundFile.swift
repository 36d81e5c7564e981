import Glibc

/// A sound file: any format, rate (1 to 768 kHz) and channel count (to 1,024) that libsndfile reads. What it is, its first bytes
/// say, not its name; headerless files are refused.
///
/// Files that were put together to one, as `cat` does, are read one after the other. What else stands behind the end of one is an
/// error after the samples, but for chunks, tags and filling.
///
/// A file that declares more than it holds gives its samples and then throws `.truncated`, where that can't be seen at once.
///
/// Twins: python/silif/_sound.py
public final class SoundFile: AudioSource {
  /// As it was given.
  public let path: String
  private var decoder: SoundDecoder
  private var parts: FileParts
  private let stopDescriptor: Int32?
  private let settings: SoundSettings

  /// Frames a second in the file, or in the part of it that is being read.
  public var rate_hz: Int { decoder.rate_hz }
  /// Channels in the same.
  public var channels: Int { decoder.channels }
  /// Samples at 16 kHz that a full read of the same gives, as far as the header says; nil: unknown, or more than there can be.
  public var declaredSamples: Int? {
    decoder.declared_frames.flatMap { frames in
      let (product, isTooMany) = frames.multipliedReportingOverflow(by: Int64(outputRate_hz))
      return isTooMany ? nil : Int(product / Int64(rate_hz) + (product % Int64(rate_hz) > 0 ? 1 : 0))
    }
  }

  /// Opens a file and reads its header.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - settings: which channel is heard, and how loud.
  /// - Throws: AudioError: `.notFound`, `.permissionDenied`, `.notASound` (folders too), `.empty`, `.truncated`, `.unsupported` or
  ///   `.io`.
  public convenience init(path: String, settings: SoundSettings = SoundSettings()) throws(AudioError) {
    let opened = try OpenedFile(path: path)
    guard opened.isRegular else {
      close(opened.descriptor)
      throw AudioError(.notASound, path, "is not a regular file; give a sound file")
    }
    try self.init(opened, path: path, settings: settings)
  }

  /// Owns the opened file. `stopDescriptor`: a file never blocks, but a long one should end, too, when someone says stop.
  convenience init(
    _ opened: OpenedFile, path: String, settings: SoundSettings, stopDescriptor: Int32? = nil
  ) throws(AudioError) {
    try self.init(
      FileBytes(descriptor: opened.descriptor, size: opened.size), path: path, settings: settings,
      stopDescriptor: stopDescriptor)
  }

  init(
    _ bytes: FileBytes, path: String, settings: SoundSettings, stopDescriptor: Int32? = nil
  ) throws(AudioError) {
    guard bytes.size > 0 else { throw AudioError(.empty, path, "is empty (0 bytes); record or convert it anew") }
    if case .foreign(let format)? = bytes.magic { throw .foreign(format, path) }
    self.path = path
    self.settings = settings
    self.stopDescriptor = stopDescriptor
    parts = FileParts(bytes)
    decoder = try Self.decoder(parts.part() ?? bytes, path, settings)
  }

  /// The next samples.
  ///
  /// - Throws: AudioError: `.truncated` for a file that ends too early or is damaged, after the samples before; `.unsupported` for
  ///   samples that are not numbers, and for bytes behind its end; `.io`.
  public func read(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead {
    if let stopDescriptor {
      var stop = pollfd(fd: stopDescriptor, events: Int16(POLLIN), revents: 0)
      if poll(&stop, 1, 0) > 0 { return .end }
    }
    while true {
      let result = try decoder.read(into: buffer)
      guard result == .end else { return result }
      guard let part = parts.part() else {
        if parts.unread > 0 { throw .unread(parts.unread, path) }
        return .end
      }
      decoder = try Self.decoder(part, path, settings)
    }
  }

  private static func decoder(
    _ part: FileBytes, _ path: String, _ settings: SoundSettings
  ) throws(AudioError) -> SoundDecoder {
    let headed = HeadedSamples(file: part)
    part.position = 0
    return try SoundDecoder(bytes: headed ?? part, name: path, blockFrames: 2048, settings: settings)
  }

  /// How loud the channels were that were mixed.
  public var channelBalance: ChannelBalance? { decoder.channelBalance }
  /// The largest magnitude of a float so far.
  public var largestFloat: Float? { decoder.largestFloat }
}
