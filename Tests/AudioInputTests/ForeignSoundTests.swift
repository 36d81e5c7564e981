import CSndFile
import TestSupport
import Testing

@testable import AudioInput

/// What is no raw sound is never heard as raw sound.
@Suite struct ForeignSoundTests {
  let folder = TemporaryFolder()

  private func piped(_ bytes: [UInt8]) throws -> [Int16] {
    let pipe = TestPipe()
    pipe.send(bytes)
    return try readAll(StandardInput(descriptor: pipe.reading))
  }

  private func kinds(_ bytes: [UInt8]) throws -> [AudioError.Kind?] {
    let path = try folder.write(bytes, to: "without-ending")
    return [
      audioError { _ = try piped(bytes) }?.kind, audioError { _ = try readAll(openInput(path: path)) }?.kind,
      audioError { _ = try SoundFile(path: path) }?.kind,
    ]
  }

  @Test(arguments: [
    [0, 0, 0, 28] + Array("ftypM4A ".utf8), [0, 0, 1, 0] + Array("moov".utf8), [0x1A, 0x45, 0xDF, 0xA3, 1],
    Array("#!AMR-WB\n".utf8), [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], Array(".SoX".utf8),
  ])
  func formatsThatLibsndfileDoesNotReadAreRefused(_ first: [UInt8]) throws {
    let bytes = first + noise(4_000, seed: 9).map { UInt8(truncatingIfNeeded: $0) }
    #expect(try kinds(bytes) == [.unsupported, .unsupported, .unsupported])
    #expect(audioError { _ = try piped(bytes) }?.message.contains("ffmpeg") == true)
  }

  @Test(arguments: [
    SF_FORMAT_AIFF | SF_FORMAT_PCM_16, SF_FORMAT_AU | SF_FORMAT_PCM_16, SF_FORMAT_CAF | SF_FORMAT_PCM_16,
    SF_FORMAT_W64 | SF_FORMAT_PCM_16, 0x23_0000 | 0x82,  // MPEG, layer III
  ])
  func formatsThatMustSeekAreDecodedByPipeToo(_ format: Int) throws {
    var info = SF_INFO(frames: 0, samplerate: 48_000, channels: 2, format: Int32(format), sections: 0, seekable: 0)
    guard sf_format_check(&info) != 0 else { return }  // libsndfile before 1.1 has no MP3
    let path = folder.file("x")
    write(noise(48_000, seed: 10), to: path, format: format, rate_hz: 48_000, channels: 2)
    let expected = try readAll(SoundFile(path: path))
    #expect(expected.count >= 8_000)
    #expect(try piped(TemporaryFolder.bytes(path)) == expected)
    #expect(try readAll(openInput(path: path)) == expected)
  }

  /// The first samples may be anything: also what begins like a frame of MP3, or the box of an MP4.
  @Test(
    arguments: [[0xFF, 0xFB, 0x90, 0x64], [0, 0, 0, 0, 0x66, 0x74], [0xFF], [0xFF, 0xFF], [0x49, 0x44]] as [[UInt8]])
  func samplesThatBeginLikeSomethingElseAreSamples(_ first: [UInt8]) throws {
    for rest in [0, 1_000] {
      let bytes = first + TestSound.raw(noise(rest, seed: 11))
      let samples = (0..<bytes.count / 2).map {
        Int16(bitPattern: UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8)
      }
      #expect(try piped(bytes) == samples)
    }
  }
}
