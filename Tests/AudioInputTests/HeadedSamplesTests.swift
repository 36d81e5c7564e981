import CSndFile
import Glibc
import TestSupport
import Testing

@testable import AudioInput

/// WAV files with headers that libsndfile stumbles over.
@Suite struct HeadedSamplesTests {
  let folder = TemporaryFolder()
  let samples = noise(9_000, seed: 8)

  private func little(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

  private func piped(_ bytes: [UInt8]) throws -> [Int16] {
    let pipe = TestPipe()
    pipe.send(bytes, piece: 50_000)
    return try readAll(StandardInput(descriptor: pipe.reading))
  }

  private func filed(_ bytes: [UInt8]) throws -> [Int16] {
    try readAll(SoundFile(path: try folder.write(bytes, to: "x.wav")))
  }

  /// Field recorders put pictures and megabytes of padding before the samples.
  @Test(arguments: [10, 262_144, 393_165, 3_000_000]) func chunksOfAnySizeStandBeforeTheSamples(_ size: Int) throws {
    let plain = TestSound.wav(samples)
    let chunk = Array("LIST".utf8) + little(size) + [UInt8](repeating: 1, count: size + size % 2)
    for at in [12, 36] {  // before the format, and after it
      let bytes = Array(plain[..<at]) + chunk + plain[at...]
      #expect(try filed(bytes) == samples)
      #expect(try piped(bytes) == samples)
    }
  }

  /// A recorder that lost power: the samples are there, their number is not.
  @Test func aLengthOfZeroMeansToTheEnd() throws {
    let bytes = TestSound.wav(samples, declared_bytes: 0)
    #expect(try filed(bytes) == samples)
    #expect(try piped(bytes) == samples)
  }

  /// The same of a codec that needs the whole header.
  @Test func aLengthOfZeroMeansToTheEndInADPCMToo() throws {
    let path = folder.file("ima")
    write(samples, to: path, format: SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, rate_hz: 16_000, channels: 1)
    var bytes = try TemporaryFolder.bytes(path)
    let expected = try readAll(SoundFile(path: path))
    let start = try #require(bytes.indices.dropLast(4).first { bytes[$0..<$0 + 4].elementsEqual("data".utf8) })
    bytes.replaceSubrange(start + 4..<start + 8, with: [0, 0, 0, 0])
    let (byFile, byPipe) = (try filed(bytes), try piped(bytes))
    #expect(byFile.starts(with: expected) && byPipe == byFile && byFile.count < expected.count + 1_024)
  }

  /// What ffmpeg, sox and libsndfile leave there when they write to a pipe, or are killed.
  @Test(
    arguments: [
      ("AIFF", SF_FORMAT_AIFF, "SSND", 4, [0x7F, 0, 0, 8]), ("AIFF", SF_FORMAT_AIFF, "SSND", 4, [0, 0, 0, 0]),
      ("AIFF", SF_FORMAT_AIFF, "SSND", 4, [0, 0, 0, 8]), ("AIFF", SF_FORMAT_AIFF, "SSND", 4, [0xFF, 0xFF, 0xFF, 0xFF]),
      ("AU", SF_FORMAT_AU, ".snd", 8, [0xFF, 0xFF, 0xFF, 0xFF]), ("AU", SF_FORMAT_AU, ".snd", 8, [0, 0, 0, 0]),
      ("CAF", SF_FORMAT_CAF, "data", 4, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
      ("CAF", SF_FORMAT_CAF, "data", 4, [0, 0, 0, 0, 0, 0, 0, 3]),
      ("CAF", SF_FORMAT_CAF, "data", 4, [0, 0, 0, 0, 0, 0, 0, 4]),
      ("W64", SF_FORMAT_W64, "data", 16, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
      ("W64", SF_FORMAT_W64, "data", 16, [0x17, 0, 0, 0, 0, 0, 0, 0]),
      ("W64", SF_FORMAT_W64, "data", 16, [0x18, 0, 0, 0, 0, 0, 0, 0]),
      ("W64", SF_FORMAT_W64, "data", 16, [0, 0, 0, 0, 0, 0, 0, 0]),
    ] as [(String, Int, String, Int, [UInt8])])
  func lengthsThatAreNotKnownMeanToTheEnd(_ name: String, _ container: Int, _ chunk: String, _ at: Int, _ size: [UInt8])
    throws
  {
    let path = folder.file("x")
    write(samples, to: path, format: container | SF_FORMAT_PCM_16, rate_hz: 16_000, channels: 1)
    var bytes = try TemporaryFolder.bytes(path)
    let start = try #require(bytes.indices.dropLast(4).first { bytes[$0..<$0 + 4].elementsEqual(chunk.utf8) })
    bytes.replaceSubrange(start + at..<start + at + size.count, with: size)
    if let common = bytes.indices.dropLast(14).first(where: { bytes[$0..<$0 + 4].elementsEqual("COMM".utf8) }) {
      bytes.replaceSubrange(common + 10..<common + 14, with: [0, 0, 0, 0])
    }
    let (byFile, byPipe) = (try filed(bytes) == samples, try piped(bytes) == samples)
    #expect(byFile && byPipe)
  }

  /// A picture of megabytes, of which none is sound.
  @Test(arguments: [SF_FORMAT_AIFF, SF_FORMAT_CAF]) func largeChunksStandBeforeOtherSamplesToo(_ container: Int) throws
  {
    let path = folder.file("x")
    write(samples, to: path, format: container | SF_FORMAT_PCM_16, rate_hz: 16_000, channels: 1)
    let plain = try TemporaryFolder.bytes(path)
    let isAIFF = container == SF_FORMAT_AIFF
    let size = [UInt8](repeating: 0, count: isAIFF ? 0 : 4) + little(3_000_000).reversed()
    let chunk = Array((isAIFF ? "APPL" : "uuid").utf8) + size + [UInt8](repeating: 1, count: 3_000_000)
    let at = isAIFF ? 12 : 52  // before COMM, after desc
    let (byFile, byPipe) = (
      try filed(plain[..<at] + chunk + plain[at...]) == samples,
      try piped(plain[..<at] + chunk + plain[at...]) == samples
    )
    #expect(byFile && byPipe)
  }

  /// Positions and sizes add up to more than 63 bits.
  @Test(arguments: [SF_FORMAT_CAF, SF_FORMAT_W64], [0x7F, 0xFF, 0x80, 0x0F] as [UInt8])
  func chunksLargerThanAnyFileAreRefused(_ container: Int, _ highest: UInt8) throws {
    let path = folder.file("x")
    write(samples, to: path, format: container | SF_FORMAT_PCM_16, rate_hz: 16_000, channels: 1)
    var bytes = try TemporaryFolder.bytes(path)
    var size = [highest] + [UInt8](repeating: 0xFF, count: 7)
    if container == SF_FORMAT_W64 { size.reverse() }
    // Of the first chunk, made one that is passed over, and of the samples.
    let first = container == SF_FORMAT_W64 ? 40 : 8
    bytes.replaceSubrange(first..<first + 4, with: "free".utf8)
    let at = container == SF_FORMAT_W64 ? 16 : 4
    bytes.replaceSubrange(first + at..<first + at + 8, with: size)
    #expect(audioError { _ = try filed(bytes) } != nil)
    #expect(audioError { _ = try piped(bytes) } != nil)
  }

  @Test(arguments: [SF_FORMAT_AIFF, SF_FORMAT_AU, SF_FORMAT_CAF, SF_FORMAT_W64])
  func otherHeadersThatEndAnywhereAreRefused(_ container: Int) throws {
    let path = folder.file("x")
    write(samples, to: path, format: container | SF_FORMAT_PCM_16, rate_hz: 16_000, channels: 1)
    let whole = try TemporaryFolder.bytes(path)
    for count in [1, 3, 4, 7, 8, 11, 12, 19, 20, 23, 24, 31, 32, 37, 38, 39, 40, 47, 51, 53, 60, 63, 79, 103, 127] {
      let cut = Array(whole[..<count])
      #expect(audioError { _ = try filed(cut) } != nil, "\(count)")
      #expect(audioError { _ = try piped(cut) } != nil || count < 12, "\(count)")
    }
  }

  @Test func aFileOfChunksAloneIsStillEmpty() throws {
    let bytes = TestSound.wav([]) + Array("LIST".utf8) + little(6) + Array("INFOxy".utf8)
    #expect(audioError { _ = try filed(bytes) }?.kind == .empty)
  }

  /// More samples than there can be at 16 kHz are as good as unknown.
  @Test func anAbsurdLengthIsNone() throws {
    func long(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let format = little(16) + [1, 0, 1, 0] + little(8_000) + little(16_000) + [2, 0, 16, 0]
    var bytes = Array("RF64".utf8) + little(.max) + Array("WAVEds64".utf8) + little(28) + long(1 << 60) + long(1 << 59)
    bytes += long(1 << 58) + little(0) + Array("JUNK".utf8) + little(70_000) + [UInt8](repeating: 0, count: 70_000)
    bytes += Array("fmt ".utf8) + format + Array("data".utf8) + little(.max) + TestSound.raw(samples)
    #expect(try SoundFile(path: folder.write(bytes, to: "absurd.rf64")).declaredSamples == nil)
  }

  /// Found by a fuzzer: a chunk that ended in the middle of the length it should hold trapped.
  @Test func aHeaderThatEndsAnywhereIsRefused() throws {
    write(samples, to: folder.file("whole"), format: SF_FORMAT_RF64 | SF_FORMAT_PCM_16, rate_hz: 16_000, channels: 1)
    let whole = try TemporaryFolder.bytes(folder.file("whole"))
    #expect(try filed(whole) == samples)
    for count in 0..<200 {
      let cut = Array(whole[..<count])
      #expect(audioError { _ = try filed(cut) } != nil)
      // Less than a header is taken for raw samples there.
      #expect(audioError { _ = try piped(cut) } != nil || count < 12)
    }
  }

  /// Found by a fuzzer: the header's first bytes, read alone, were taken for samples so far before the end that it overflowed.
  @Test func aLengthPast63BitsMeansToTheEnd() throws {
    write(samples, to: folder.file("whole"), format: SF_FORMAT_RF64 | SF_FORMAT_PCM_16, rate_hz: 16_000, channels: 1)
    var bytes = try TemporaryFolder.bytes(folder.file("whole"))
    for at in 20..<44 { bytes[at] = 0xF1 }
    for at in bytes.indices.dropLast(4).prefix(200) where bytes[at..<at + 4].elementsEqual("data".utf8) {
      bytes.replaceSubrange(at + 4..<at + 8, with: [0xFF, 0xFF, 0xFF, 0xFF])
    }
    #expect(try filed(bytes) == samples)
    #expect(try piped(bytes) == samples)
  }

  @Test func chunksAfterTheSamplesAreNoSamples() throws {
    let chunk = Array("LIST".utf8) + little(6) + Array("INFOxy".utf8)
    #expect(try filed(TestSound.wav(samples) + chunk) == samples)
    #expect(try piped(TestSound.wav(samples) + chunk) == samples)
  }

  /// A recording of no sound, made whole and written into a pipe.
  @Test(arguments: ["LIST", "id3 ", "bext", "fact"]) func chunksAloneAreNoSamplesByPipeEither(_ name: String) throws {
    let bytes = TestSound.wav([]) + Array(name.utf8) + little(6_000) + [UInt8](repeating: 1, count: 6_000)
    #expect(audioError { _ = try filed(bytes) }?.kind == .empty)
    #expect(audioError { _ = try piped(bytes) }?.kind == .empty)
  }

  /// libsndfile computes it; so does whoever counts the frames of a pipe.
  @Test(arguments: [0, 1, 4, 0xFFFF]) func theSizeOfAFrameMayBeWrong(_ align: Int) throws {
    var bytes = TestSound.wav(samples)
    bytes.replaceSubrange(32..<34, with: little(align)[..<2])
    let (byFile, byPipe) = (try filed(bytes) == samples, try piped(bytes) == samples)
    #expect(byFile && byPipe)
    #expect(audioError { _ = try piped(Array(bytes.dropLast(1_000))) }?.kind == .truncated)
  }

  /// A file of 2 to 4 GiB that is whole, in which a hole takes the place of the sound: of the length that its header gives, and
  /// as long as a writer to pipes would have said.
  @Test(arguments: [0x7FFE_FFFE, 0x7FFF_F000, 0x8000_0000, 0x9000_0000, 0xFFFF_F000] as [UInt32], [0, 16])
  func largeFilesEndWhereTheySay(_ declared_bytes: UInt32, _ more: Int64) throws {
    let path = try folder.write(TestSound.wav([], channels: 1024, declared_bytes: declared_bytes), to: "large.wav")
    let end = 44 + Int64(declared_bytes)
    #expect(truncate(path, Int(end + more)) == 0)
    if more > 0 {
      let file = try #require(fopen(path, "r+"))
      fseek(file, Int(end), SEEK_SET)
      fwrite(Array("LIST".utf8) + little(8), 1, 8, file)
      fclose(file)
    }
    let sound = try SoundFile(path: path)
    #expect(sound.declaredSamples == Int(declared_bytes) / 2048)
  }

  /// What no writer to pipes puts there is a length.
  @Test(arguments: [0x8000_0002, 0x9000_0000, 0xFFFE_0000] as [UInt32])
  func largeFilesThatWereCutAreRefused(_ declared_bytes: UInt32) throws {
    let bytes = TestSound.wav(samples, declared_bytes: declared_bytes)
    #expect(audioError { _ = try filed(bytes) }?.kind == .truncated)
    #expect(audioError { _ = try piped(bytes) }?.kind == .truncated)
  }

  /// More than 4 GiB: 32 bits hold what is left of the length.
  @Test func aWrappedLengthMeansToTheEnd() throws {
    let path = try folder.write(TestSound.wav(Array(samples[..<100]), channels: 2), to: "long.wav")
    // With a hole, which takes no room on the disk.
    #expect(truncate(path, 44 + (1 << 32) + 400) == 0)
    // 0 bytes would be an unfinished file: 400 it is.
    let file = try #require(fopen(path, "r+"))
    fseek(file, 40, SEEK_SET)
    fwrite(little(400), 1, 4, file)
    fclose(file)
    let sound = try SoundFile(path: path)
    var block = [Int16](repeating: 0, count: 4096)
    let got = try block.withUnsafeMutableBufferPointer { try sound.read(into: $0) }
    #expect(got == .samples(2048))
    #expect(sound.declaredSamples == nil)
  }

  /// What no 32 bits can say goes on past 2 and 4 GiB: here to the first sample beyond, in a file with a hole.
  @Test(arguments: [0x7FFF_F000, 0x8000_0000, 0xFFFF_FFFF] as [UInt32])
  func anUnknownLengthGoesOnPast4GiB(_ declared_bytes: UInt32) throws {
    let path = try folder.write(TestSound.wav([], channels: 1024, declared_bytes: declared_bytes), to: "endless.wav")
    #expect(truncate(path, 44 + 5 << 30) == 0)
    let sound = try SoundFile(path: path)
    #expect(sound.declaredSamples == nil)
    let bytes = FileBytes(descriptor: open(path, O_RDONLY), size: 44 + 5 << 30)
    let wave = try #require(HeadedSamples(file: bytes))
    wave.position = (4 << 30) + 1000
    #expect(wave.read(8).count == 8)
  }
}
