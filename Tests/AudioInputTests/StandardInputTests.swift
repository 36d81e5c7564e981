import CSndFile
import Foundation
import TestSupport
import Testing

@testable import AudioInput

@Suite struct StandardInputTests {
  let folder = TemporaryFolder()
  let samples = noise(9_000, seed: 6)

  @Test(arguments: [1, 3, 1_000, 100_000])
  func rawSamplesPassThrough(piece: Int) throws {
    for block in [1, 7, 160, 4096] {
      let pipe = TestPipe()
      pipe.send(TestSound.raw(samples), piece: piece)
      #expect(try readAll(StandardInput(descriptor: pipe.reading), block: block) == samples)
    }
  }

  @Test func anOddByteAtTheEndIsDropped() throws {
    let pipe = TestPipe()
    pipe.send(TestSound.raw(samples) + [1], piece: 1)
    #expect(try readAll(StandardInput(descriptor: pipe.reading)) == samples)
  }

  @Test func lessThanAHeader() throws {
    for text in ["", "R", "RI", "RIF", "f", "OggX", "ab"] {
      let pipe = TestPipe()
      pipe.send(Array(text.utf8), piece: 1)
      #expect(try readAll(StandardInput(descriptor: pipe.reading)).count == text.utf8.count / 2)
    }
  }

  @Test func muchTextIsRefused() {
    let pipe = TestPipe()
    pipe.send(Array(String(repeating: "no sound at all\n", count: 40).utf8))
    #expect(audioError { _ = try readAll(StandardInput(descriptor: pipe.reading)) }?.kind == .notASound)
  }

  @Test func samplesArriveAtOnce() throws {
    let pipe = TestPipe()
    let source = StandardInput(descriptor: pipe.reading)
    for sample in samples.prefix(100) {
      pipe.write(TestSound.raw([sample]))  // would block for ever if the source waited for more
      #expect(try readAll(source, block: 160, limit: 1) == [sample])
    }
    pipe.finish()
  }

  @Test func aWavStreamArrivesAtOnce() throws {
    let pipe = TestPipe()
    let source = StandardInput(descriptor: pipe.reading)
    pipe.write(TestSound.wav(Array(samples.prefix(160)), declared_bytes: 0x8000_0000))
    #expect(try readAll(source, limit: 160) == Array(samples.prefix(160)))
    pipe.write(TestSound.raw(Array(samples[160..<320])))
    #expect(try readAll(source, limit: 160) == Array(samples[160..<320]))
    pipe.finish()
    #expect(try readAll(source) == [])
  }

  @Test(arguments: [
    SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_WAV | SF_FORMAT_FLOAT, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
    SF_FORMAT_WAV | SF_FORMAT_PCM_16 | Int(SF_ENDIAN_BIG), SF_FORMAT_RF64 | SF_FORMAT_PCM_24,
    SF_FORMAT_OGG | SF_FORMAT_VORBIS,
  ])
  func soundsAreDecodedAsFromAFile(format: Int) throws {
    // Longer than what is kept for libsndfile's seeks.
    let long = noise(200_000, seed: 7)
    for (rate_hz, channels) in [(16_000, 1), (48_000, 2)] {
      write(long, to: folder.file("x"), format: format, rate_hz: rate_hz, channels: channels)
      let pipe = TestPipe()
      pipe.send(try TemporaryFolder.bytes(folder.file("x")))
      let piped = try readAll(StandardInput(descriptor: pipe.reading), block: 777)
      #expect(try piped == readAll(SoundFile(path: folder.file("x"))))
    }
  }

  @Test func aTruncatedPipeIsAnError() throws {
    write(samples, to: folder.file("x.flac"), format: SF_FORMAT_FLAC | SF_FORMAT_PCM_16, rate_hz: 16_000, channels: 1)
    for whole in [TestSound.wav(samples), try TemporaryFolder.bytes(folder.file("x.flac"))] {
      let pipe = TestPipe()
      pipe.send(Array(whole[..<(whole.count / 2)]))
      let error = audioError { _ = try readAll(StandardInput(descriptor: pipe.reading)) }
      #expect(error?.kind == .truncated && error?.subject == "standard input")
    }
  }

  @Test func aBrokenHeaderIsAnError() {
    for text in ["RIFF is not enough", "fLaC is not enough", "OggS is not enough"] {
      let pipe = TestPipe()
      pipe.send(Array(text.utf8))
      #expect(audioError { _ = try readAll(StandardInput(descriptor: pipe.reading)) }?.kind == .notASound)
    }
  }

  @Test(arguments: [[], [UInt8(ascii: "R")], TestSound.wav([1, 2, 3], declared_bytes: 0x8000_0000)])
  func stopEndsABlockedRead(begin: [UInt8]) throws {
    let pipe = TestPipe()
    let stop = TestPipe()
    pipe.write(begin)
    let thread = Thread {
      usleep(50_000)
      stop.write([0])
    }
    thread.start()
    let source = StandardInput(descriptor: pipe.reading, stopDescriptor: stop.reading)
    _ = try readAll(source)
    #expect(try readAll(source) == [])
    pipe.finish()
    stop.finish()
  }

  @Test func stopEndsFilesToo() throws {
    let stop = TestPipe()
    let files = [
      try folder.write(TestSound.wav(samples), to: "a.wav"), try folder.write(TestSound.raw(samples), to: "a.raw"),
    ]
    let sources = try files.map { try openInput(path: $0, stopDescriptor: stop.reading) }
    for source in sources { #expect(try readAll(source, limit: 100).count == 100) }
    stop.write([0])
    for source in sources { #expect(try readAll(source) == []) }
    stop.finish()
  }

  @Test func namedPipesAndRawFiles() throws {
    let fifo = folder.file("fifo")
    #expect(mkfifo(fifo, 0o600) == 0)
    let data = TestSound.raw(samples)
    let thread = Thread {
      usleep(20_000)
      let writing = open(fifo, O_WRONLY)
      _ = data.withUnsafeBytes { Glibc.write(writing, $0.baseAddress, data.count) }
      close(writing)
    }
    thread.start()
    #expect(try readAll(openInput(path: fifo)) == samples)
    #expect(try readAll(openInput(path: try folder.write(data, to: "x.raw"))) == samples)
    #expect(try readAll(openInput(path: try folder.write(data, to: "x"))) == samples)
  }

  @Test func aClosedDescriptorIsAnError() {
    #expect(audioError { _ = try readAll(StandardInput(descriptor: 999)) }?.kind == .io)
  }
}
