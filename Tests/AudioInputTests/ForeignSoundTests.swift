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
    Array("wvpk".utf8), Array("TTA1".utf8), [0x7F, 0xFE, 0x80, 0x01], [0xFE, 0x7F, 0x01, 0x80], Array("FLV\u{1}".utf8),
  ])
  func formatsThatLibsndfileDoesNotReadAreRefused(_ first: [UInt8]) throws {
    let bytes = first + noise(4_000, seed: 9).map { UInt8(truncatingIfNeeded: $0) }
    #expect(try kinds(bytes) == [.unsupported, .unsupported, .unsupported])
    #expect(audioError { _ = try piped(bytes) }?.message.contains("ffmpeg") == true)
  }

  /// So many frames of so many bytes, each with this head and noise behind it.
  private static func frames(_ head: [UInt8], _ length: Int, count: Int) -> [UInt8] {
    let noise = noise(length, seed: 14).map { UInt8(truncatingIfNeeded: $0) }
    return (0..<count).flatMap { _ in head + noise.dropFirst(head.count) }
  }

  /// Packets of a transport stream, which count.
  private static func packets(count: Int) -> [UInt8] {
    (0..<count).flatMap { frames([0x47, 0x40, 0x11, 0x10 | UInt8($0 % 16)], 188, count: 1) }
  }

  static let framed: [(name: String, bytes: [UInt8])] = [
    ("MP2", frames([0xFF, 0xF5, 0xE8, 0xC4], 1440, count: 3)),
    ("MP2", frames([0xFF, 0xFD, 0xA4, 0x00], 576, count: 3)),
    ("MP1", frames([0xFF, 0xFF, 0x80, 0x00], 276, count: 6)),
    ("AAC (ADTS)", frames([0xFF, 0xF1, 0x60, 0x40, 0x3D, 0xBF, 0xFC], 493, count: 3)),
    ("AAC (ADTS)", frames([0xFF, 0xF9, 0x60, 0x40, 0x3D, 0xBF, 0xFC], 493, count: 3)),
    ("AC-3", frames([0x0B, 0x77, 1, 2, 0x8C, 0x40, 0x2F], 576, count: 3)),
    ("AC-3", frames([0x0B, 0x77, 1, 2, 0x4F, 0x40, 0x2F], 488, count: 3)),
    ("AC-3", frames([0x0B, 0x77, 1, 0x1F, 0xB2, 0x87, 0xC0], 576, count: 3)),
    ("AAC (LATM)", frames([0x56, 0xE0, 0x40], 67, count: 4)), ("an MPEG transport stream", packets(count: 4)),
  ]

  @Test(arguments: framed.indices) func formatsWithoutAMagicAreKnownByTheirFrames(_ index: Int) throws {
    let (name, bytes) = Self.framed[index]
    let tag = Array("ID3".utf8) + [4, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5]
    for bytes in [bytes, tag + bytes] {
      #expect(try kinds(bytes) == [.unsupported, .unsupported, .unsupported])
      #expect(audioError { _ = try piped(bytes) }?.message.contains("is \(name), which cannot be read here") == true)
    }
    // One frame may be chance: it is raw sound, as far as its bytes go.
    let cut = Array(bytes[..<60]) + [UInt8](repeating: 1, count: 3_000)
    #expect(try piped(cut).count == cut.count / 2)
  }

  @Test func noiseIsNoFormat() {
    // Loud, and so quiet that its first byte is often that of a mark.
    for amplitude in [1, 30, 100, 32_767] {
      let noise = noise(120_000, seed: UInt64(amplitude)).map { Int16(Int($0) * amplitude / 32_768) }
      let bytes = TestSound.raw(noise)
      for first in [[0xFF], [0xFF, 0xFF], [0xFF, 0xF1], [0xFF, 0xFD], [0x0B, 0x77], [0x47], [0x56, 0xE0]] as [[UInt8]] {
        let found = stride(from: 0, to: 200_000, by: 257).filter { at in
          if case .known = SoundMagic.verdict(first + bytes[at..<at + 2_000]) { true } else { false }
        }
        #expect(found.isEmpty, "\(first) \(amplitude)")
      }
    }
  }

  @Test func aConstantIsNoFormat() {
    for value in stride(from: UInt16(0), to: .max - 13, by: 13) {
      let bytes = (0..<2_000).map { UInt8(truncatingIfNeeded: $0 % 2 == 0 ? value : value >> 8) }
      if case .known = SoundMagic.verdict(bytes) { Issue.record("\(value)") }
    }
  }

  /// A tar's first file is called anything; its mark comes late.
  private static func tar(_ name: String) -> [UInt8] {
    var bytes = Array(name.utf8) + [UInt8](repeating: 0, count: 512 - name.utf8.count)
    bytes.replaceSubrange(100..<108, with: Array("0000644".utf8) + [0])
    bytes.replaceSubrange(257..<263, with: Array("ustar ".utf8))
    return bytes + [UInt8](repeating: 7, count: 512)
  }

  @Test(arguments: [
    [0x1F, 0x8B, 8, 0], [0xFD] + Array("7zXZ\0".utf8), Array("BZh91AY&SY".utf8), Array("PK\u{3}\u{4}".utf8),
    tar("yes.wav"), tar("Vögel/Gans.wav"), tar("G.wav"),
  ]) func whatIsPackedIsToBeUnpacked(_ first: [UInt8]) throws {
    let bytes = first + noise(1_000, seed: 15).map { UInt8(truncatingIfNeeded: $0) }
    #expect(try kinds(bytes) == [.notASound, .notASound, .notASound])
    #expect(audioError { _ = try piped(bytes) }?.message.contains("; unpack it: ") == true)
  }

  @Test(arguments: [
    [0x93] + Array("NUMPY\u{1}".utf8), [0x89] + Array("PNG\r\n".utf8), Array("%PDF-1.4".utf8),
    [0x7F] + Array("ELF".utf8),
    [0x89] + Array("SiLIF\r\n".utf8),
  ]) func whatIsNoSoundIsNotHeard(_ first: [UInt8]) throws {
    let bytes = first + noise(1_000, seed: 16).map { UInt8(truncatingIfNeeded: $0) }
    #expect(try kinds(bytes) == [.notASound, .notASound, .notASound])
    #expect(audioError { _ = try piped(bytes) }?.message.contains(", no sound; ") == true)
  }

  /// libsndfile must go back and forth in these.
  @Test(arguments: [
    SF_FORMAT_AIFF | SF_FORMAT_PCM_16, SF_FORMAT_AIFF | SF_FORMAT_PCM_S8, SF_FORMAT_AIFF | SF_FORMAT_PCM_24,
    SF_FORMAT_AIFF | SF_FORMAT_FLOAT, SF_FORMAT_AIFF | SF_FORMAT_DOUBLE, SF_FORMAT_AIFF | SF_FORMAT_ULAW,
    SF_FORMAT_AIFF | SF_FORMAT_PCM_U8, SF_FORMAT_AIFF | SF_FORMAT_IMA_ADPCM,
    SF_FORMAT_AIFF | SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE,
    SF_FORMAT_AU | SF_FORMAT_PCM_16, SF_FORMAT_AU | SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE, SF_FORMAT_AU | SF_FORMAT_ALAW,
    SF_FORMAT_AU | SF_FORMAT_PCM_S8, SF_FORMAT_AU | SF_FORMAT_DOUBLE, SF_FORMAT_AU | SF_FORMAT_G721_32,
    SF_FORMAT_CAF | SF_FORMAT_PCM_16, SF_FORMAT_CAF | SF_FORMAT_PCM_24 | SF_ENDIAN_LITTLE,
    SF_FORMAT_CAF | SF_FORMAT_ULAW,
    SF_FORMAT_CAF | SF_FORMAT_FLOAT, SF_FORMAT_CAF | SF_FORMAT_ALAC_16,
    SF_FORMAT_VOC | SF_FORMAT_PCM_16, SF_FORMAT_NIST | SF_FORMAT_PCM_16, SF_FORMAT_IRCAM | SF_FORMAT_PCM_16,
    SF_FORMAT_W64 | SF_FORMAT_PCM_16, SF_FORMAT_W64 | SF_FORMAT_PCM_U8, SF_FORMAT_W64 | SF_FORMAT_FLOAT,
    SF_FORMAT_W64 | SF_FORMAT_MS_ADPCM, SF_FORMAT_W64 | SF_FORMAT_IMA_ADPCM, 0x23_0000 | 0x82,  // MPEG, layer III
  ])
  func otherContainersAreDecodedByPipeToo(_ format: Int) throws {
    let isMono = format & Int(SF_FORMAT_SUBMASK) == Int(SF_FORMAT_G721_32)
    let channels = isMono ? 1 : 2
    var info = SF_INFO(
      frames: 0, samplerate: 16_000, channels: Int32(channels), format: Int32(format), sections: 0, seekable: 0)
    guard sf_format_check(&info) != 0 else {
      #expect(format == 0x23_0000 | 0x82)  // libsndfile before 1.1 has no MP3
      return
    }
    let path = folder.file("x")
    write(noise(16_000 * channels, seed: 10), to: path, format: format, rate_hz: 16_000, channels: channels)
    let expected = try readAll(SoundFile(path: path), limit: 20_000)
    #expect((16_000..<16_800).contains(expected.count))
    // Both are long: their difference would be shown element by element.
    let (sameByPipe, same) = (
      try piped(TemporaryFolder.bytes(path)) == expected, try readAll(openInput(path: path)) == expected
    )
    #expect(sameByPipe && same)
  }

  /// A stream that goes on is heard as it comes.
  @Test(arguments: [SF_FORMAT_AIFF, SF_FORMAT_AU, SF_FORMAT_CAF, SF_FORMAT_W64, 0x23_0000])
  func otherContainersArriveAtOnce(_ container: Int) throws {
    let isMP3 = container == 0x23_0000
    let path = folder.file("x")
    let format = container | (isMP3 ? 0x82 : SF_FORMAT_PCM_16)
    var info = SF_INFO(frames: 0, samplerate: 16_000, channels: 1, format: Int32(format), sections: 0, seekable: 0)
    guard sf_format_check(&info) != 0 else { return }  // libsndfile before 1.1 has no MP3
    write(noise(16_000, seed: 13), to: path, format: format, rate_hz: 16_000, channels: 1)
    let (bytes, expected) = (try TemporaryFolder.bytes(path), try readAll(SoundFile(path: path)))
    let pipe = TestPipe()
    let source = StandardInput(descriptor: pipe.reading)
    pipe.write(Array(bytes[..<(bytes.count / 2)]))
    // Would block for ever if the source waited for more.
    let first = try readAll(source, limit: isMP3 ? 4_000 : 5_600)
    pipe.write(Array(bytes[(bytes.count / 2)...]))
    pipe.finish()
    let same = try first + readAll(source) == expected
    #expect(same)
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

  private func wave(codec: UInt8, _ more: UInt8 = 0, rate_hz: UInt32 = 16_000, channels: Int = 1) -> [UInt8] {
    var bytes = TestSound.wav(noise(2_000, seed: 12), channels: channels)
    (bytes[20], bytes[21]) = (codec, more)
    for at in 0..<4 { bytes[24 + at] = UInt8(truncatingIfNeeded: rate_hz >> (8 * UInt32(at))) }
    return bytes
  }

  /// The message names the cause, by file and by pipe.
  @Test func whatIsInsideIsNamed() throws {
    let ogg = Array("OggS".utf8) + [0, 2] + [UInt8](repeating: 0, count: 20) + [1, 30]
    let cases: [([UInt8], String)] = [
      (wave(codec: 0x55), "is WAV with MP3 inside, which cannot be read here; convert it: ffmpeg"),
      (
        Array("RIFF".utf8) + [1, 1, 0, 0] + Array("AVI LIST".utf8) + [UInt8](repeating: 0, count: 300), "is AVI (video)"
      ),
      (wave(codec: 0xFF), "WAV with AAC inside"), (wave(codec: 0x77, 0x77), "WAV with codec 0x7777 inside"),
      (wave(codec: 1, rate_hz: 0), "has 0 samples a second, by its header"),
      (wave(codec: 1, rate_hz: 4_000_000_000), "has 4000000000 samples a second, by its header"),
      (wave(codec: 1, channels: 0), "has 0 channels, by its header"),
      (ogg + [0x7F] + Array("FLAC".utf8) + [UInt8](repeating: 1, count: 100), "FLAC inside Ogg"),
      (ogg + Array("Speex   ".utf8) + [UInt8](repeating: 0, count: 100), "Speex"),
      (ogg + [0x80] + Array("theora".utf8) + [UInt8](repeating: 0, count: 100), "Theora"),
    ]
    for (bytes, words) in cases {
      let path = try folder.write(bytes, to: "x")
      for error in [audioError { _ = try SoundFile(path: path) }, audioError { _ = try piped(bytes) }] {
        #expect(error?.kind == .unsupported && error?.message.contains(words) == true, "\(String(describing: error))")
      }
    }
  }

  @Test func floatsTellHowLargeTheyAre() throws {
    writeFloats([0, 0.25, -0.5], to: folder.file("f.wav"))
    let file = try SoundFile(path: folder.file("f.wav"))
    _ = try readAll(file)
    #expect(file.largestFloat == 0.5)
    #expect(try SoundFile(path: folder.write(TestSound.wav([1, 2]), to: "i.wav")).largestFloat == nil)
  }
}
