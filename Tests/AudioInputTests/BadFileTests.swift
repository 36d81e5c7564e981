import CSndFile
import Foundation
import TestSupport
import Testing

@testable import AudioInput

@Suite struct BadFileTests {
  let folder = TemporaryFolder()

  private func kind(_ path: String) -> AudioError.Kind? {
    let bySoundFile = audioError { _ = try readAll(SoundFile(path: path)) }
    let byInput = audioError { _ = try readAll(openInput(path: path)) }
    #expect(bySoundFile == byInput)
    guard let error = bySoundFile else { return nil }
    #expect(error.subject == path && !error.message.isEmpty)
    return error.kind
  }

  @Test func missing() throws {
    #expect(kind(folder.file("none.wav")) == .notFound)
    #expect(kind(try folder.write([1], to: "file") + "/below.wav") == .notFound)
  }

  @Test func aFolder() { #expect(kind(folder.path) == .notASound) }

  @Test func empty() throws { #expect(kind(try folder.write([], to: "empty.wav")) == .empty) }

  @Test func noFrames() throws { #expect(kind(try folder.write(TestSound.wav([]), to: "a.wav")) == .empty) }

  @Test func notASound() throws {
    #expect(
      kind(try folder.write(noise(4_000, seed: 1).map { UInt8(truncatingIfNeeded: $0) }, to: "n.wav")) == .notASound)
    #expect(kind(try folder.write(Array("RIFF but no more than that".utf8), to: "r.raw")) == .notASound)
    let cut = try folder.write(Array("fLaC".utf8), to: "r.flac")
    #expect(kind(cut) == .notASound)
    #expect(audioError { _ = try SoundFile(path: cut) }?.message.contains("its header is damaged") == true)
  }

  /// Found by a fuzzer: libsndfile goes round in its chunks for ever, deaf to a stop.
  @Test func chunksThatLeadBackToEachOther() throws {
    #expect(kind(Fixture.path("Fuzz/corpus/sound/circle.w64")) == .notASound)
    let pipe = TestPipe()
    pipe.send(try TemporaryFolder.bytes(Fixture.path("Fuzz/corpus/sound/circle.w64")))
    #expect(audioError { _ = try readAll(StandardInput(descriptor: pipe.reading)) }?.kind == .notASound)
  }

  @Test func ratesThatMakeNoSense() throws {
    for rate_hz in [1, 999, 768_001] {
      #expect(kind(try folder.write(TestSound.wav([1, 2, 3], rate_hz: rate_hz), to: "r.wav")) == .unsupported)
    }
  }

  @Test func textIsNotRawSamples() throws {
    let path = try folder.write(Array("These are words, no samples.\n".utf8), to: "notes.txt")
    #expect(audioError { _ = try openInput(path: path) }?.kind == .notASound)
    let short = try folder.write(Array("yes\n".utf8), to: "short.txt")
    #expect(audioError { _ = try openInput(path: short) }?.kind == .notASound)
  }

  @Test(.disabled(if: getuid() == 0, "root may read everything"))
  func unreadable() throws {
    let path = try folder.write(TestSound.wav([1, 2]), to: "secret.wav")
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
    #expect(kind(path) == .permissionDenied)
  }

  @Test func permissionHasItsOwnKind() {
    #expect(AudioError.system(EACCES, "x").kind == .permissionDenied)
    #expect(AudioError.system(EISDIR, "x").kind == .notASound)
    #expect(AudioError.system(EIO, "x").kind == .io)
  }

  /// Cut at every length: never silently short.
  @Test func truncatedWav() throws {
    let whole = TestSound.wav(noise(300, seed: 2), rate_hz: 8_000)
    for length in 1..<whole.count {
      let found = kind(try folder.write(Array(whole[..<length]), to: "cut.wav"))
      if length < 44 {
        #expect(
          found == .notASound || found == .truncated || found == .empty, "\(length) bytes: \(String(describing: found))"
        )
      } else {
        #expect(found == .truncated, "\(length) bytes: \(String(describing: found))")
      }
    }
  }

  @Test(arguments: [
    ("a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16), ("b.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_24),
    ("c.au", SF_FORMAT_AU | SF_FORMAT_PCM_16), ("d.w64", SF_FORMAT_W64 | SF_FORMAT_FLOAT),
    ("e.caf", SF_FORMAT_CAF | SF_FORMAT_PCM_16), ("f.rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16),
    ("g.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS), ("h.wav", SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM),
  ])
  func truncatedOthers(name: String, format: Int) throws {
    write(noise(40_000, seed: 3), to: folder.file(name), format: format, rate_hz: 22_050, channels: 2)
    let whole = try TemporaryFolder.bytes(folder.file(name))
    #expect(kind(try folder.write(whole, to: name)) == nil)
    for length in [whole.count / 10, whole.count / 2, whole.count - 1_000] {
      let found = kind(try folder.write(Array(whole[..<length]), to: name))
      let expected: AudioError.Kind = name == "g.ogg" && length == whole.count / 10 ? .notASound : .truncated
      #expect(found == expected, "\(name), \(length) of \(whole.count) bytes: \(String(describing: found))")
    }
  }

  /// A program may set what the commands refuse to pass on.
  @Test func settingsOutOfTheirRangeAreRefused() throws {
    func sound(_ channel: Int?, _ gain_dB: Double) -> SoundSettings {
      var settings = SoundSettings()
      (settings.channel, settings.gain_dB) = (channel, gain_dB)
      return settings
    }
    func raw(_ rate_hz: Int, _ channels: Int) -> RawFormat {
      var format = RawFormat()
      (format.rate_hz, format.channels) = (rate_hz, channels)
      return format
    }
    let wave = try folder.write(TestSound.wav([1, 2, 3]), to: "x.wav")
    func check(_ settings: SoundSettings, _ format: RawFormat?, _ words: String) {
      var errors = [audioError { _ = try openInput(path: wave, settings: settings, rawFormat: format) }]
      let pipe = TestPipe()
      pipe.send(TestSound.wav([1, 2, 3]))
      errors.append(
        audioError {
          _ = try readAll(StandardInput(descriptor: pipe.reading, settings: settings, rawFormat: format))
        })
      if format == nil { errors.append(audioError { _ = try SoundFile(path: wave, settings: settings) }) }
      var device = CaptureSettings()
      (device.sound, device.rate_hz, device.channels) = (settings, format?.rate_hz, format?.channels)
      errors.append(
        audioError { _ = try LastingCapture(device: "null", settings: device, policy: CapturePolicy()) })
      for error in errors {
        #expect(error?.kind == .unsupported && error?.message.contains(words) == true, "\(String(describing: error))")
      }
    }
    for gain_dB in [400, -60.5, .nan, .infinity] { check(sound(nil, gain_dB), nil, "give -60.0 to 60.0") }
    for channel in [-1, 1024, .max] { check(sound(channel, 0), nil, "channel = \(channel); give 0 to 1023") }
    for rate_hz in [0, -16_000, 999, .max] { check(sound(nil, 0), raw(rate_hz, 1), "give 1000 to 768000") }
    for channels in [0, -1, 1025, .max] { check(sound(nil, 0), raw(16_000, channels), "give 1 to 1024") }
  }

  /// Recorders that write to a pipe can't know the length and put a huge one; that is not a truncated file.
  @Test(arguments: [0x7fff_f000, 0x8000_0000, 0xffff_ffff, 0x7fff_ffff] as [UInt32])
  func unknownLength(declared_bytes: UInt32) throws {
    let samples = noise(1_000, seed: 8)
    let path = try folder.write(TestSound.wav(samples, declared_bytes: declared_bytes), to: "endless.wav")
    let file = try SoundFile(path: path)
    #expect(file.declaredSamples == nil)
    #expect(try readAll(file) == samples)
  }
}
