import AudioInput

/// A sound file as 16 kHz mono, a block at a time, so that its length costs no memory.
package final class SoundReader {
  private let file: SoundFile
  private let block: UnsafeMutableBufferPointer<Int16>

  /// - Throws: Failure for what is no sound file, and what to do.
  package init(path: String, settings: SoundSettings = SoundSettings()) throws(Failure) {
    do { file = try SoundFile(path: path, settings: settings) } catch { throw Failure(error.description) }
    // Last: where an initializer throws, no deinit gives it back.
    block = .allocate(capacity: 4096)
  }

  deinit { block.deallocate() }

  /// What to say of the file's floats so far, if anything: see `integerScaleNote`.
  package var scaleNote: String? { file.largestFloat.flatMap(integerScaleNote) }

  /// What to say of how its channels fit together so far, if anything: see `channelNote`.
  package var channelNote: String? { file.channelBalance.flatMap(CommandSupport.channelNote) }

  /// The next samples, which stay until the next call; nil at the end.
  ///
  /// - Throws: Failure for a file that is damaged or ends too early.
  package func next() throws(Failure) -> UnsafeBufferPointer<Int16>? {
    do {
      guard case .samples(let count) = try file.read(into: block) else { return nil }
      return UnsafeBufferPointer(rebasing: block[..<count])
    } catch {
      throw Failure(error.description)
    }
  }
}

/// What to say of floats that go up to so much, if anything. Full scale is 1: mixers leave a few dB above it; nobody leaves 20.
package func integerScaleNote(_ largest: Float) -> String? {
  guard largest > 10 else { return nil }
  return
    "floats go up to \(decimalText(Double(largest), decimals: 0)), and full scale is 1: are they in the scale of "
    + "16-bit integers? Divide them: sox -v \(decimalText(1 / 32_768, decimals: 8)) INPUT OUTPUT"
}
