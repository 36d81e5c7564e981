import CSndFile
import Foundation
import TestSupport
import Testing

@testable import AudioInput

/// Files that were put together to one by `cat`: all of them are heard.
@Suite struct PartTests {
  let folder = TemporaryFolder()

  static let formats: [(name: String, format: Int)] = [
    ("flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16), ("ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS),
    ("opus", SF_FORMAT_OGG | 0x0064), ("mp3", 0x23_0000 | 0x82),
  ].filter {
    var info = SF_INFO(frames: 0, samplerate: 48_000, channels: 1, format: Int32($0.format), sections: 0, seekable: 0)
    return sf_format_check(&info) != 0  // libsndfile before 1.1 has no MP3
  }

  private func sound(_ format: Int, rate_hz: Int, channels: Int, seed: UInt64) throws -> (
    bytes: [UInt8], samples: [Int16]
  ) {
    let path = folder.file("part")
    write(noise(rate_hz * channels, seed: seed), to: path, format: format, rate_hz: rate_hz, channels: channels)
    return (try TemporaryFolder.bytes(path), try readAll(SoundFile(path: path)))
  }

  private func piped(_ bytes: [UInt8], piece: Int) throws -> [Int16] {
    let pipe = TestPipe()
    pipe.send(bytes, piece: piece)
    return try readAll(StandardInput(descriptor: pipe.reading), block: 777)
  }

  @Test(arguments: formats.map(\.name)) func allPartsAreHeard(_ name: String) throws {
    let format = Self.formats.first { $0.name == name }!.format
    // Of different rates and channels, as a radio's titles may be.
    let parts = [
      try sound(format, rate_hz: 48_000, channels: 1, seed: 1),
      try sound(format, rate_hz: 24_000, channels: 2, seed: 2),
      try sound(format, rate_hz: 48_000, channels: 2, seed: 3),
    ]
    let expected = parts.flatMap(\.samples)
    #expect(parts.allSatisfy { (15_000...18_000).contains($0.samples.count) })
    let path = try folder.write(parts.flatMap(\.bytes), to: "all")
    let sameAsFile = try readAll(SoundFile(path: path), block: 100) == expected
    let sameAsInput = try readAll(openInput(path: path)) == expected
    #expect(sameAsFile && sameAsInput)
    for piece in [1, 977, 1 << 20] {
      let sameByPipe = try piped(parts.flatMap(\.bytes), piece: piece) == expected
      #expect(sameByPipe, "pieces of \(piece)")
    }
  }

  /// Tags stand before and behind each file, and may hold anything, also what looks like the beginning of one.
  @Test func tagsBetweenMP3() throws {
    guard let format = Self.formats.first(where: { $0.name == "mp3" })?.format else { return }
    let plain = try sound(format, rate_hz: 48_000, channels: 1, seed: 4)
    let text =
      Array("ID3".utf8) + [4, 0, 0, 0, 0, 0x01, 0x00] + [UInt8](repeating: 0, count: 10) + Array("XingInfofLaC".utf8)
    let tag = text + [UInt8](repeating: 0, count: 10 + 128 - text.count)
    let old = Array("TAG".utf8) + [UInt8](repeating: 32, count: 125)
    let bytes = tag + plain.bytes + old + tag + plain.bytes + old + plain.bytes
    let expected = plain.samples + plain.samples + plain.samples
    let same = try readAll(SoundFile(path: try folder.write(bytes, to: "x.mp3"))) == expected
    #expect(same)
    for piece in [13, 977] {
      let sameByPipe = try piped(bytes, piece: piece) == expected
      #expect(sameByPipe, "pieces of \(piece)")
    }
  }

  /// More than a pipe keeps.
  @Test(arguments: ["mp3", "flac"]) func aPictureInATag(_ name: String) throws {
    guard let format = Self.formats.first(where: { $0.name == name })?.format else { return }
    let plain = try sound(format, rate_hz: 48_000, channels: 1, seed: 6)
    let picture = Array("ID3".utf8) + [4, 0, 0, 0, 0x7F, 0x7F, 0x7F] + [UInt8](repeating: 7, count: 0x1F_FFFF)
    let sameByPipe = try piped(picture + plain.bytes, piece: 1 << 16) == plain.samples
    #expect(sameByPipe)
  }

  @Test func aTagBeforeFLAC() throws {
    let plain = try sound(Self.formats[0].format, rate_hz: 16_000, channels: 1, seed: 5)
    let tag =
      Array("ID3".utf8) + [3, 0, 0, 0, 0, 0, 20] + Array("fLaC".utf8) + [0, 0, 0, 34] + [UInt8](repeating: 0, count: 12)
    let path = try folder.write(tag + plain.bytes + plain.bytes, to: "x.flac")
    let same = try readAll(SoundFile(path: path)) == plain.samples + plain.samples
    #expect(same)
    let sameByPipe = try piped(tag + plain.bytes + plain.bytes, piece: 1_000) == plain.samples + plain.samples
    #expect(sameByPipe)
  }

  /// A part that is cut off is told, after what was before it.
  @Test(arguments: ["flac", "ogg"]) func theSecondIsCutOff(_ name: String) throws {
    let format = Self.formats.first { $0.name == name }!.format
    let part = try sound(format, rate_hz: 16_000, channels: 1, seed: 6)
    let path = try folder.write(part.bytes + part.bytes[..<(part.bytes.count / 2)], to: "x")
    let file = try SoundFile(path: path)
    var samples: [Int16] = []
    let error = audioError { while case let more = try readAll(file, limit: 100), !more.isEmpty { samples += more } }
    #expect(error?.kind == .truncated)
    #expect(samples.count >= part.samples.count - 100)
  }

  /// The first sound of the next part is there before its end is: a radio goes on.
  @Test(arguments: ["flac", "ogg"]) func aPartArrivesAtOnce(_ name: String) throws {
    let format = Self.formats.first { $0.name == name }!.format
    let path = folder.file("long")
    write(noise(64_000, seed: 7), to: path, format: format, rate_hz: 16_000, channels: 1)
    let bytes = try TemporaryFolder.bytes(path)
    let pipe = TestPipe()
    let goesOn = DispatchSemaphore(value: 0)
    let thread = Thread {
      pipe.write(bytes)
      pipe.write(Array(bytes[..<(bytes.count * 3 / 4)]))
      goesOn.wait()
      pipe.write(Array(bytes[(bytes.count * 3 / 4)...]))
      pipe.finish()
    }
    thread.start()
    let source = StandardInput(descriptor: pipe.reading)
    // Three of its four seconds are in the pipe: whoever waited for the end would wait for ever.
    #expect(try readAll(source, limit: 64_000 + 24_000).count == 64_000 + 24_000)
    goesOn.signal()
    #expect(try readAll(source).count == 64_000 - 24_000)
  }

  static let containers: [(name: String, format: Int)] = [
    ("wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16), ("ima", SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM),
    ("rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16), ("aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16),
    ("au", SF_FORMAT_AU | SF_FORMAT_PCM_16), ("caf", SF_FORMAT_CAF | SF_FORMAT_PCM_16),
    ("w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16),
  ]

  /// Whatever stands behind whatever.
  @Test(arguments: (formats + containers).map(\.name)) func allKindsAreHeardBehindEachOther(_ name: String) throws {
    let kinds = Self.formats + Self.containers
    let first = try sound(kinds.first { $0.name == name }!.format, rate_hz: 16_000, channels: 1, seed: 8)
    for (other, format) in kinds where name != other || Self.containers.contains(where: { $0.name == name }) {
      // Where FLAC ends only its decoder knows, and MP3 has no mark that does not occur in it.
      if name == "flac" && other == "mp3" { continue }
      let second = try sound(format, rate_hz: 24_000, channels: 2, seed: 9)
      let expected = first.samples + second.samples
      let sameByFile = try readAll(openInput(path: folder.write(first.bytes + second.bytes, to: "two"))) == expected
      let sameByPipe = try piped(first.bytes + second.bytes, piece: 977) == expected
      #expect(sameByFile && sameByPipe, "\(other)")
    }
  }

  /// What stands behind the end of a file that says where that is.
  @Test(arguments: (containers + formats[..<1]).map(\.name)) func whatIsNoSoundBehindASoundIsTold(_ name: String) throws
  {
    let format = (Self.formats + Self.containers).first { $0.name == name }!.format
    let first = try sound(format, rate_hz: 16_000, channels: 1, seed: 10)
    let text = Array("Of all that. ".utf8) + noise(100, seed: 3).map { UInt8(truncatingIfNeeded: $0 | 1) }
    let words = (name == "flac" ? "" : "\(text.count) ") + "bytes after its end were not read: they begin as no sound"
    let pipe = TestPipe()
    pipe.send(first.bytes + text, piece: 977)
    let sources: [any AudioSource] = [
      StandardInput(descriptor: pipe.reading), try openInput(path: folder.write(first.bytes + text, to: "x")),
    ]
    for source in sources {
      var samples: [Int16] = []
      // All samples come first.
      let error = audioError { while case let more = try readAll(source, limit: 40), !more.isEmpty { samples += more } }
      #expect(error?.kind == .unsupported && error?.message.hasPrefix(words) == true, "\(String(describing: error))")
      #expect(samples.count >= first.samples.count - 40)
    }
  }

  @Test(arguments: containers.map(\.name)) func aFewBytesBehindASoundAreNone(_ name: String) throws {
    let format = Self.containers.first { $0.name == name }!.format
    let first = try sound(format, rate_hz: 16_000, channels: 1, seed: 11)
    for rest in ["\r\n", "Of all that. Of all that. Of all that."] {
      let bytes = first.bytes + Array(rest.utf8)
      let isSame = try piped(bytes, piece: 977) == first.samples
      #expect(try isSame && readAll(openInput(path: folder.write(bytes, to: "few"))) == first.samples, "\(rest)")
    }
  }

  /// FLAC's decoder looks behind the end only where it is asked for more, whatever the blocks.
  @Test(arguments: [1_600, 1_601, 2_048, 4_096]) func whatFollowsFLACIsSeenWhateverItsLength(_ count: Int) throws {
    let path = folder.file("part")
    write(noise(count, seed: 4), to: path, format: SF_FORMAT_FLAC | SF_FORMAT_PCM_16, rate_hz: 16_000, channels: 1)
    let bytes = try TemporaryFolder.bytes(path) + Array("Of all that. Of all that.".utf8)
    #expect(audioError { _ = try piped(bytes, piece: 100) }?.kind == .unsupported)
    #expect(audioError { _ = try readAll(SoundFile(path: folder.write(bytes, to: "x"))) }?.kind == .unsupported)
  }

  /// Without Opus, whose decoder takes them for damage in a file.
  @Test(arguments: (containers + formats).map(\.name).filter { $0 != "opus" }) func fillingAndTagsBehindASoundAreNone(
    _ name: String
  ) throws {
    let format = (Self.formats + Self.containers).first { $0.name == name }!.format
    let first = try sound(format, rate_hz: 16_000, channels: 1, seed: 11)
    let old = Array("TAG".utf8) + [UInt8](repeating: 32, count: 125)
    let ape =
      Array("APETAGEX".utf8) + [0xD0, 7, 0, 0, 40, 0, 0, 0] + [UInt8](repeating: 0, count: 16)
      + [UInt8](repeating: 1, count: 8) + Array("APETAGEX".utf8) + [UInt8](repeating: 0, count: 24)
    for more in [[UInt8](repeating: 0, count: 9), [UInt8](repeating: 0, count: 1_000), old, ape, ape + old] {
      let sameByFile = try readAll(openInput(path: folder.write(first.bytes + more, to: "x"))) == first.samples
      let sameByPipe = try piped(first.bytes + more, piece: 977) == first.samples
      #expect(sameByFile && sameByPipe, "\(more.count)")
    }
  }

  @Test func chunksBehindTheSamplesAreNone() throws {
    let first = try sound(SF_FORMAT_WAV | SF_FORMAT_PCM_16, rate_hz: 16_000, channels: 1, seed: 12)
    let list = Array("LIST".utf8) + [6, 0, 0, 0] + Array("INFOxy".utf8)
    let own = Array("abcd".utf8) + [3, 0, 0, 0, 1, 2, 3, 0]
    let expected = first.samples + first.samples
    for bytes in [list, own + list, list + own] {
      let all = first.bytes + bytes + first.bytes + bytes
      let sameByFile = try readAll(openInput(path: folder.write(all, to: "x"))) == expected
      let sameByPipe = try piped(all, piece: 977) == expected
      #expect(sameByFile && sameByPipe)
    }
    // A list that is cut off loses no sound.
    #expect(try piped(first.bytes + list.dropLast(3), piece: 977).count == first.samples.count)
  }
}
