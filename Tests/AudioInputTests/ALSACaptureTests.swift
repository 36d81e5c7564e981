import Foundation
import TestSupport
import Testing

@testable import AudioInput

/// Through libasound itself, with files for devices. (A kernel's own: by hand, see docs.)
@Suite struct ALSACaptureTests {
  let samples = noise(24_000, seed: 11)

  @Test(arguments: [1, 7, 160, 4096])
  func theSameAsTheFile(block: Int) throws {
    let device = FakeDevices.device(TestSound.raw(samples))
    let capture = try ALSACapture(device: device)
    #expect(capture.format.description == "16000 Hz, 1 channel, S16_LE, period 160 and buffer 8000 frames")
    let captured = try readAll(capture, block: block, limit: samples.count)
    let asFile = try readAll(openInput(path: String(device.dropFirst("fake:FILE=".count))))
    let same = captured == samples && asFile == samples
    #expect(same)
  }

  @Test(arguments: [(48_000, 2), (44_100, 1), (48_000, 4), (8_000, 2)])
  func otherRatesAndChannels(rate_hz: Int, channels: Int) throws {
    let preferences = CapturePreferences(rates_hz: [rate_hz], channels: channels...channels)
    let device = FakeDevices.device(TestSound.raw(samples))
    let capture = try ALSACapture(device: device, stopDescriptor: nil, preferences: preferences)
    #expect(capture.format.rate_hz == rate_hz && capture.format.channels == channels)
    let limit = samples.count / channels * 16_000 / rate_hz - 100  // the end of the file is no end of the capture
    let whole = expected(samples, rate_hz: rate_hz, channels: channels)
    let same = try readAll(capture, limit: limit) == Array(whole.prefix(limit))
    #expect(same)
  }

  @Test(arguments: SampleLayout.allCases)
  func everySampleFormat(layout: SampleLayout) throws {
    let preferences = CapturePreferences(layouts: [layout])
    let device = FakeDevices.device(samples.flatMap { encoded($0, as: layout) })
    let capture = try ALSACapture(device: device, stopDescriptor: nil, preferences: preferences)
    let wanted = layout == .uint8 ? samples.map { ($0 >> 8) * 256 } : samples
    let same = try readAll(capture, limit: samples.count) == wanted
    #expect(same, "\(capture.format.format)")
  }

  @Test func stopEndsAnEndlessCapture() throws {
    let stop = TestPipe()
    let capture = try ALSACapture(device: FakeDevices.device(TestSound.raw(samples)), stopDescriptor: stop.reading)
    #expect(try readAll(capture, limit: 100).count == 100)
    stop.write([0])
    #expect(try readAll(capture).count <= 8_000)
    stop.finish()
  }

  @Test func noSuchDevice() {
    FakeDevices.prepare()
    for device in ["nosuch", "hw:17", "hw:17,0", "plughw:CARD=Nowhere,DEV=0", "", "hw:0,0,0,0,0"] {
      let error = audioError { _ = try ALSACapture(device: device) }
      #expect(error?.kind == .noSuchDevice && error?.subject == device)
      #expect(error?.message.contains("--list-devices") == true)
    }
  }

  @Test func listsDevices() {
    FakeDevices.prepare()
    #expect(configuredDevices().contains { $0.name.hasPrefix("fake") && $0.description == "Samples from a file" })
    #expect(!captureDevices().contains { $0.name.hasPrefix("fake") })
  }

  private func lasting(_ device: String, _ settings: CaptureSettings) throws -> LastingCapture {
    try LastingCapture(device: device, settings: settings, policy: CapturePolicy())
  }

  @Test(arguments: 0...5) func oneChannelOfAnArray(channel: Int) throws {
    var settings = CaptureSettings()
    (settings.channels, settings.sound.channel, settings.rate_hz) = (6, channel, 16_000)
    let capture = try lasting(FakeDevices.device(TestSound.raw(samples)), settings)
    #expect(capture.format?.channels == 6)
    let wanted = stride(from: channel, to: samples.count, by: 6).map { samples[$0] }
    let same = try readAll(capture, limit: wanted.count) == wanted
    #expect(same)
  }

  @Test func aChannelAloneOpensAsManyAsItNeeds() throws {
    var settings = CaptureSettings()
    settings.sound.channel = 2
    #expect(try lasting(FakeDevices.device(TestSound.raw(samples)), settings).format?.channels == 3)
  }

  @Test func antiphaseStereoIsSilenceAsAMeanAndSoundAsAChannel() throws {
    let stereo = samples.flatMap { [$0, $0 == .min ? .max : -$0] }
    var settings = CaptureSettings()
    settings.channels = 2
    let device = FakeDevices.device(TestSound.raw(stereo))
    #expect(try readAll(lasting(device, settings), limit: 9_000).allSatisfy { $0.magnitude <= 1 })
    settings.sound.channel = 0
    let same = try readAll(lasting(device, settings), limit: 9_000) == Array(samples.prefix(9_000))
    #expect(same)
  }

  @Test(arguments: [(20.0, 10.0), (-20.0, 0.1), (6.0206, 2.0)]) func gain(gain_dB: Double, factor: Double) throws {
    var settings = CaptureSettings()
    settings.sound.gain_dB = gain_dB
    let got = try readAll(lasting(FakeDevices.device(TestSound.raw(samples)), settings), limit: 9_000)
    for (sample, amplified) in zip(samples, got) {
      let wanted = min(max(Double(sample) * factor, -32_768), 32_767)
      #expect(abs(wanted - Double(amplified)) <= 1, "\(sample)")
    }
    #expect(got.contains(32_767) == (factor > 1))
  }

  @Test func aForcedRateIsTaken() throws {
    var settings = CaptureSettings()
    settings.rate_hz = 44_100
    #expect(try lasting(FakeDevices.device(TestSound.raw(samples)), settings).format?.rate_hz == 44_100)
  }

  private func encoded(_ sample: Int16, as layout: SampleLayout) -> [UInt8] {
    let bytes = withUnsafeBytes(of: sample.littleEndian, Array.init)
    return switch layout {
    case .int16: bytes
    case .int16BigEndian: bytes.reversed()
    case .int32: [0, 0] + bytes
    case .int24In3: [0] + bytes
    case .int24In32: [0] + bytes + [0x5a]  // the top byte means nothing
    case .uint8: [bytes[1] &+ 128]
    case .float32: withUnsafeBytes(of: Float(sample) / 32_768, Array.init)
    }
  }
}
