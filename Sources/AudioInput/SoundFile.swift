import Glibc

/// A sound file: any format, rate (to 768 kHz) and channel count (to 1,024) that libsndfile reads. What it is, its first bytes
/// say, not its name; headerless files are refused.
///
/// A file that declares more than it holds gives its samples and then throws `.truncated`, where that can't be seen at once.
public final class SoundFile: AudioSource {
  public let path: String
  private let decoder: SoundDecoder

  /// Frames a second and channels in the file.
  public var rate_hz: Int { decoder.rate_hz }
  public var channels: Int { decoder.channels }
  /// Samples at 16 kHz that a full read gives, as far as the header says; nil: unknown.
  public var declaredSamples: Int? {
    decoder.declared_frames.map { (Int($0) * outputRate_hz + rate_hz - 1) / rate_hz }
  }

  /// Throws `.notFound`, `.permissionDenied`, `.notASound` (folders too), `.empty`, `.truncated`, `.unsupported` or `.io`.
  public convenience init(path: String) throws(AudioError) {
    let opened = try OpenedFile(path: path)
    guard opened.isRegular else {
      close(opened.descriptor)
      throw AudioError(.notASound, path, "is not a regular file")
    }
    try self.init(opened, path: path)
  }

  init(_ opened: OpenedFile, path: String) throws(AudioError) {
    let bytes = FileBytes(descriptor: opened.descriptor, size: opened.size)
    guard opened.size > 0 else { throw AudioError(.empty, path, "is empty (0 bytes); record or convert it anew") }
    self.path = path
    decoder = try SoundDecoder(bytes: bytes, name: path, blockFrames: 2048)
  }

  public func read(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead {
    try decoder.read(into: buffer)
  }
}
