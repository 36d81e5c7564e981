import Glibc

/// What `--input` means: "-" is standard input; a sound file is decoded; a named pipe is read as standard input is; any other
/// file is S16_LE, 16 kHz, mono, without a header.
///
/// Two kinds of files are refused that would only make noise: those whose name says that they are sound files while their
/// bytes don't, and text.
///
/// - Parameters:
///   - path: a file, or "-".
///   - settings: which channel is heard, and how loud.
///   - rawFormat: the input is raw samples of this format, whatever it begins with; nil: what it begins as.
///   - stopDescriptor: when it becomes readable, a `read` gives `.end`.
/// - Throws: AudioError, as `SoundFile`; `.unsupported` also for settings out of their range.
public func openInput(
  path: String, settings: SoundSettings = SoundSettings(), rawFormat: RawFormat? = nil, stopDescriptor: Int32? = nil
) throws(AudioError) -> any AudioSource {
  try settings.check(of: path)
  try rawFormat?.check(of: path)
  if path == "-" {
    return StandardInput(settings: settings, rawFormat: rawFormat, stopDescriptor: stopDescriptor)
  }
  let opened = try OpenedFile(path: path)
  if opened.isRegular && rawFormat == nil {
    var head = [UInt8](repeating: 0, count: SoundMagic.head_bytes)
    let got = pread(opened.descriptor, &head, head.count, 0)
    head.removeLast(head.count - max(got, 0))
    if head.isEmpty || SoundMagic(head) != nil || hasSoundEnding(path) {
      return try SoundFile(opened, path: path, settings: settings, stopDescriptor: stopDescriptor)
    }
    // Of a short file all is known.
    if head.prefix(1024).withUnsafeBytes({ looksLikeText($0, least_bytes: 1) }) {
      close(opened.descriptor)
      throw AudioError.text(path)
    }
  }
  let bytes = PipeBytes(descriptor: opened.descriptor, stopDescriptor: stopDescriptor, closesDescriptor: true)
  return StandardInput(bytes: bytes, name: path, settings: settings, rawFormat: rawFormat)
}

/// Nothing but printable ASCII and line ends, and enough of it: no recording looks like that.
func looksLikeText(_ head: UnsafeRawBufferPointer, least_bytes: Int = 64) -> Bool {
  head.count >= least_bytes && head.allSatisfy { (32..<127).contains($0) || (9...13).contains($0) }
}
