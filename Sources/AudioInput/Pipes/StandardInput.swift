/// A stream of bytes: standard input, a named pipe, a raw file. S16_LE, 16 kHz, mono, without a header, unless it begins as a
/// sound file: WAV, FLAC and Ogg are decoded as they come, also when they never end; AIFF, AU, CAF, W64 and MP3, where the decoder
/// must go back and forth, when all of them has come; others are refused.
///
/// Raw samples are handed over as soon as they arrive. A stream that begins with much text is refused: it would be noise. A
/// single byte left at the end is dropped. A stream without a byte is no error: it ends.
public final class StandardInput: AudioSource {
  private enum Content {
    case undecided
    case raw
    case sound(SoundDecoder)
  }

  private let bytes: PipeBytes
  private let name: String
  private var content = Content.undecided
  private var oddByte: UInt8?
  private var isKnownToBeSound = false

  /// Nothing is read yet.
  ///
  /// - Parameters:
  ///   - descriptor: stays open when this object goes.
  ///   - stopDescriptor: when it becomes readable, a blocked `read` gives `.end`.
  public convenience init(descriptor: Int32 = 0, stopDescriptor: Int32? = nil) {
    self.init(
      bytes: PipeBytes(descriptor: descriptor, stopDescriptor: stopDescriptor, closesDescriptor: false),
      name: "standard input")
  }

  init(bytes: PipeBytes, name: String) {
    self.bytes = bytes
    self.name = name
  }

  /// Waits for bytes.
  ///
  /// - Throws: AudioError: `.notASound` for text, and what `SoundFile` throws where the stream is a sound file.
  public func read(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead {
    switch content {
    case .undecided:
      content = try decide()
      return try read(into: buffer)
    case .raw:
      return try readRaw(into: buffer)
    case .sound(let decoder):
      return try decoder.read(into: buffer)
    }
  }

  /// Waits for as many bytes as it takes: one, if nothing that is known begins with it.
  private func decide() throws(AudioError) -> Content {
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
    defer { bytes.stopKeeping() }
    guard case .known(let magic) = verdict else { return .raw }
    do throws(AudioError) {
      switch magic {
      case .foreign(let format): throw AudioError.foreign(format, name)
      case .needsSeeking, .mp3:
        return .sound(
          try SoundDecoder(bytes: try SpooledFile.bytes(of: bytes, name: name), name: name, blockFrames: nil))
      case .wave, .selfContained:
        let wave = WaveBytes(pipe: bytes)
        _ = bytes.seek(to: 0)
        return .sound(try SoundDecoder(bytes: wave ?? bytes, name: name, blockFrames: nil))
      }
    } catch {
      if bytes.stopped { return .raw }  // which ends at once
      throw error
    }
  }

  private func readRaw(into buffer: UnsafeMutableBufferPointer<Int16>) throws(AudioError) -> AudioRead {
    let target = UnsafeMutableRawBufferPointer(buffer)
    while true {
      let carried = oddByte == nil ? 0 : 1
      if let oddByte { target[0] = oddByte }
      let got = bytes.readAvailable(into: target.baseAddress! + carried, count: target.count - carried)
      if got == 0 {
        if bytes.failure != 0 { throw AudioError.system(bytes.failure, name) }
        return .end
      }
      let count = carried + got
      oddByte = count % 2 == 0 ? nil : target[count - 1]
      // The first reads give the few bytes that were looked at already.
      if !isKnownToBeSound && count > 4 {
        if count >= 64 && looksLikeText(UnsafeRawBufferPointer(rebasing: target[..<count])) {
          throw AudioError.text(name)
        }
        isKnownToBeSound = true
      }
      if count < 2 { continue }
      convertInt16LittleEndian(UnsafePointer(buffer.baseAddress!), to: buffer.baseAddress!, count: count / 2)
      return .samples(count / 2)
    }
  }
}
