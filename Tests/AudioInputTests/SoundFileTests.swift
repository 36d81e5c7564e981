import CSndFile
import TestSupport
import Testing

@testable import AudioInput

@Suite struct SoundFileTests {
  let folder = TemporaryFolder()

  @Test func sixteenKilohertzMonoIsUnchanged() throws {
    let samples = noise(20_000, seed: 1)
    let path = try folder.write(TestSound.wav(samples), to: "a.wav")
    for block in [1, 7, 160, 4096] {
      let file = try SoundFile(path: path)
      #expect(file.declaredSamples == 20_000 && file.rate_hz == 16_000 && file.channels == 1)
      #expect(try readAll(file, block: block) == samples)
    }
  }

  @Test(arguments: [
    ("a.wav", SF_FORMAT_WAV, SF_FORMAT_PCM_16), ("b.wav", SF_FORMAT_WAV, SF_FORMAT_PCM_24),
    ("c.wav", SF_FORMAT_WAV, SF_FORMAT_PCM_32), ("d.wav", SF_FORMAT_WAV, SF_FORMAT_FLOAT),
    ("e.wav", SF_FORMAT_WAV, SF_FORMAT_DOUBLE), ("f.flac", SF_FORMAT_FLAC, SF_FORMAT_PCM_16),
    ("g.aiff", SF_FORMAT_AIFF, SF_FORMAT_PCM_16), ("h.au", SF_FORMAT_AU, SF_FORMAT_PCM_16),
    ("i.caf", SF_FORMAT_CAF, SF_FORMAT_PCM_24), ("j.w64", SF_FORMAT_W64, SF_FORMAT_FLOAT),
    ("k.rf64", SF_FORMAT_RF64, SF_FORMAT_PCM_16), ("l.wav", SF_FORMAT_WAVEX, SF_FORMAT_PCM_16),
    ("wrong-name.txt", SF_FORMAT_FLAC, SF_FORMAT_PCM_24),
  ])
  func everyFormatRateAndChannelCount(name: String, container: Int, coding: Int) throws {
    for (rate_hz, channels) in [(16_000, 1), (48_000, 2), (44_100, 1), (8_000, 3)] {
      let samples = noise(5_001 * channels, seed: UInt64(rate_hz))
      write(samples, to: folder.file(name), format: container | coding, rate_hz: rate_hz, channels: channels)
      let whole = try readAll(SoundFile(path: folder.file(name)))
      let same = whole == expected(samples, rate_hz: rate_hz, channels: channels)
      #expect(same, "\(name) \(rate_hz) Hz \(channels)")
      let sameInBlocks = try readAll(SoundFile(path: folder.file(name)), block: 7) == whole
      let sameAsInput = try readAll(openInput(path: folder.file(name))) == whole
      #expect(sameInBlocks && sameAsInput)
    }
  }

  @Test func loudOggSaturates() throws {
    // Coded at full scale, Vorbis overshoots; a conversion that wraps would turn peaks into their opposite.
    let square = (0..<16_000).map { Int16($0 / 20 % 2 == 0 ? 32_767 : -32_768) }
    let path = folder.file("loud.ogg")
    write(square, to: path, format: SF_FORMAT_OGG | SF_FORMAT_VORBIS, rate_hz: 16_000, channels: 1)
    let output = try readAll(SoundFile(path: path))
    #expect(output.count == 16_000)
    #expect(output.contains(32_767) && output.contains(-32_768))
    for at in 100..<15_900 where at % 20 > 3 && at % 20 < 16 {
      #expect((output[at] > 0) == (square[at] > 0), "sample \(at)")
    }
  }

  @Test func floatsAreRoundedHalfUpAndSaturated() throws {
    let half: Float = 0.5 / 32_768
    let values: [Float] = [
      0, 0.5, 1, -1, 3, -3, .infinity, -.infinity, half, -half, 3 * half, -3 * half, half.nextDown,
    ]
    writeFloats(values, to: folder.file("f.wav"))
    let output = try readAll(SoundFile(path: folder.file("f.wav")))
    #expect(output == [0, 16_384, 32_767, -32_768, 32_767, -32_768, 32_767, -32_768, 1, 0, 2, -1, 0])
  }

  @Test func notANumberIsAnError() throws {
    writeFloats([0, 0.1, .nan, 0.2], to: folder.file("nan.wav"))
    let file = try SoundFile(path: folder.file("nan.wav"))
    #expect(audioError { _ = try readAll(file) }?.kind == .unsupported)
  }

  @Test func manyAtOnce() async throws {
    let samples = noise(30_000, seed: 4)
    write(samples, to: folder.file("p.flac"), format: SF_FORMAT_FLAC | SF_FORMAT_PCM_16, rate_hz: 44_100, channels: 2)
    let path = folder.file("p.flac")
    let single = try readAll(SoundFile(path: path))
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 { group.addTask { try readAll(SoundFile(path: path), block: 333) == single } }
      for try await same in group { #expect(same) }
    }
  }
}
