@testable import AudioInput
import Glibc
import TestSupport
import Testing

@testable import kws_listen

/// Levels, and what is said about them.
@Suite struct LevelTests {
  private func levels(_ samples: [Int16], interval: Int = 16_000) -> [Level] {
    var meter = LevelMeter()
    var levels: [Level] = []
    for at in stride(from: 0, to: samples.count, by: 320) {
      samples[at..<min(at + 320, samples.count)].withUnsafeBufferPointer { meter.measure($0) }
      if meter.level.count >= interval { levels.append(meter.take()) }
    }
    return levels
  }

  private func notes(_ samples: [Int16]) throws -> [String] {
    let heard = Said()
    let sink = LevelSink(meter: nil) { heard.lines.append($0) }
    for level in levels(samples) { try sink.write(.level(level, position: 0)) }
    return heard.lines
  }

  private final class Said { var lines: [String] = [] }

  private func tone(_ hertz: Double, _ amplitude: Double, seconds: Int) -> [Int16] {
    (0..<seconds * 16_000).map { Int16(amplitude * sin(2 * .pi * hertz * Double($0) / 16_000)) }
  }

  @Test func sumsAreExact() {
    let all = levels((0..<16_000).map { $0 % 2 == 0 ? 100 : -100 })
    #expect(all.count == 1 && all[0].count == 16_000 && all[0].peak == 100 && all[0].squares == 16_000 * 10_000)
    let loudest = levels((0..<16_000).map { $0 % 2 == 0 ? .max : .min })
    #expect(loudest[0].peak == 32_768 && loudest[0].clipped == 16_000)
    #expect(abs(loudest[0].mean_dBFS!) < 0.01)
    #expect(abs(Level(count: 4, peak: 16_384, squares: 4 << 28).peak_dBFS! + 6.02) < 0.01)
    #expect(abs(Level(count: 4, peak: 16_384, squares: 4 << 28).mean_dBFS! + 6.02) < 0.01)
  }

  @Test func aYearOfTheLoudestSoundHasALevel() throws {
    var year = Level()
    let day = Level(count: 86_400 * 16_000, peak: 32_768, squares: Int128(86_400 * 16_000) << 30)
    for _ in 0..<366 { year.add(day) }
    #expect(year.mean_dBFS == 0)
  }

  @Test(arguments: [(1_000.0, -60.0), (3_900, -55), (6_000, -0.5)]) func theHighBand(hertz: Double, dB: Double) {
    let level = levels(tone(hertz, 10_000, seconds: 2))[1]
    if dB < -10 { #expect(level.high_dB! < dB) } else { #expect(abs(level.high_dB!) < -dB) }
  }

  @Test func speechAndNoiseGiveNoNote() throws {
    let demo = try FaultyMicrophone.demo()
    #expect(try notes(demo).isEmpty)
    #expect(try notes(TestSound.samples(seconds: 21)).isEmpty)
  }

  @Test func eachNoteComesAfterTenSecondsAndOnce() throws {
    let silent = try notes([Int16](repeating: 32, count: 40 * 16_000))
    #expect(silent.count == 1 && silent[0].contains("only silence in the first 10.00 s"))
    let quiet = try notes(tone(6_000, 200, seconds: 40))
    #expect(quiet.count == 1 && quiet[0].contains("30 dB too low"))
    let clipping = try notes(TestSound.samples(seconds: 40).map { Int16(clamping: 20 * Int($0)) })
    #expect(clipping.count == 1 && clipping[0].contains("clips"))
    #expect(try notes([Int16](repeating: 0, count: 159_000)).isEmpty)
  }

  /// A microphone that gives nothing but its offset is silent, and one that works is as loud as without.
  @Test(arguments: [-12_000, 330, 3_000] as [Int16]) func anOffsetIsNoSound(_ offset: Int16) throws {
    var random = SplitMix64(seed: 1)
    let dead = (0..<40 * 16_000).map { _ in offset + Int16.random(in: -2...2, using: &random) }
    let told = try notes(dead)
    #expect(told.count == 1 && told[0].contains("only silence in the first 10.00 s"), "\(told)")
    let demo = try FaultyMicrophone.demo()
    let quiet = demo.map { $0 / 2 }
    #expect(try notes(quiet.map { $0 + offset }).isEmpty)
    var (with, without) = (Level(), Level())
    for level in levels(quiet.map { $0 + offset }) { with.add(level) }
    for level in levels(quiet) { without.add(level) }
    #expect(abs(with.mean_dBFS! - without.mean_dBFS!) < 0.1 && abs(with.peak_dBFS! - without.peak_dBFS!) < 0.1)
  }

  @Test func aSourceOf8kHzIsTold() throws {
    let demo = try FaultyMicrophone.demo()
    let folder = TemporaryFolder()
    let narrow = try folder.write(
      TestSound.wav(stride(from: 0, to: demo.count, by: 2).map { demo[$0] }, rate_hz: 8_000), to: "8k.wav")
    let source = try openInput(path: narrow)
    var samples: [Int16] = []
    var block = [Int16](repeating: 0, count: 4096)
    while case .samples(let count) = try block.withUnsafeMutableBufferPointer({ try source.read(into: $0) }) {
      samples += block[..<count]
    }
    let told = try notes(samples)
    #expect(told.count == 1 && told[0].contains("nothing above 4 kHz"))
  }

  @Test func theMeterIsOneLineOnATerminalAndElseALineASecond() {
    let (screen, log) = (Said(), Said())
    let meters = [
      MeterLine(isTerminal: true) { screen.lines.append($0) }, MeterLine(isTerminal: false) { log.lines.append($0) },
    ]
    for level in levels(tone(1_000, 32_767, seconds: 2), interval: 1_600) { for meter in meters { meter.show(level) } }
    #expect(screen.lines.count == 20 && screen.lines.allSatisfy { $0.hasPrefix("\r") && !$0.contains("\n") })
    #expect(log.lines.count == 2)
    #expect(log.lines[0] == "level [##############################] peak 0.0 dBFS, mean -3.0 dBFS, CLIPS\n")
  }

  @Test func theListSaysWhatToType() {
    let listing = DeviceListing(format: .text, listsAll: false)
    let abilities = CaptureDevice.Abilities(rates_hz: 44_100...48_000, channels: 2...2)
    let devices = [
      CaptureDevice(name: "hw:CARD=Mic,DEV=0", description: "USB Mic", number: "hw:1,0", abilities: abilities),
      CaptureDevice(name: "hw:CARD=Web,DEV=0", description: "Webcam", number: "hw:2,0", abilities: nil),
    ]
    #expect(
      listing.text(devices) == """
        hw:CARD=Mic,DEV=0  44100-48000 Hz  2 ch  USB Mic
        hw:CARD=Web,DEV=0  in use                Webcam

        """)
  }
}
