import TestSupport
import Testing

@testable import kws_listen

/// Words pass only while somebody may be speaking.
@Suite struct SpeechGateTests {
  private func opens(_ samples: [Int16], block: Int = 320, rise_dB: Double = 10) -> [Bool] {
    let gate = SpeechGate(rise_dB: rise_dB)
    var open: [Bool] = []
    for at in stride(from: 0, to: samples.count, by: block) {
      samples[at..<min(at + block, samples.count)].withUnsafeBufferPointer { gate.accept($0) }
      if (at + block) % 1_600 == 0 { open.append(gate.isOpen) }
    }
    return open
  }

  private func noise(_ seconds: Int, _ amplitude: Int16) -> [Int16] {
    var random = SplitMix64(seed: UInt64(amplitude))
    return (0..<seconds * 16_000).map { _ in Int16.random(in: -amplitude...amplitude, using: &random) }
  }

  @Test func aSteadyNoiseNeverOpensIt() {
    for amplitude in [0, 1, 100, 10_000] as [Int16] {
      #expect(opens(noise(30, amplitude), rise_dB: 3).allSatisfy { !$0 }, "\(amplitude)")
    }
  }

  @Test func itOpensForWhatRisesAndStaysForASecond() {
    // Half a second that is 12 dB louder.
    let samples = noise(5, 1_000) + noise(1, 4_000)[..<8_000] + noise(5, 1_000)
    let open = opens(samples)
    #expect(!open[..<50].contains(true))
    #expect(open[51..<63].allSatisfy { $0 })
    #expect(!open[68...].contains(true))
    #expect(!opens(samples, rise_dB: 14).contains(true))
  }

  /// The louder noise is the room after eight seconds.
  @Test func itGetsUsedToALouderRoom() {
    let open = opens(noise(5, 100) + noise(20, 1_000))
    #expect(open[55..<120].allSatisfy { $0 } && !open[150...].contains(true))
  }

  /// As of many a microphone on I2S.
  @Test(arguments: [-3_000, 330, 2_000] as [Int16]) func anOffsetChangesNothing(_ offset: Int16) {
    let samples = noise(5, 400) + noise(1, 1_600)[..<8_000] + noise(5, 400)
    #expect(opens(samples.map { $0 + offset }) == opens(samples))
    #expect(!opens(noise(10, 3).map { $0 + offset }).contains(true))
  }

  @Test func theBlocksDoNotMatter() {
    let samples = TestSound.samples(seconds: 20)
    let expected = opens(samples, rise_dB: 2)
    #expect(expected.contains(true) && expected.contains(false))
    for block in [1, 32, 160, 1_600] { #expect(opens(samples, block: block, rise_dB: 2) == expected) }
  }

  @Test func theCommandHearsWordsAndNotANoiseThatSoundsLikeOne() throws {
    let folder = TemporaryFolder()
    func events(_ samples: [Int16], _ model: String, _ more: String...) throws -> [String] {
      let path = try folder.write(TestSound.wav(samples), to: "x.wav")
      return try Command.listen.run(
        ["--model", model, "--input", path, "--format", "json", "--stats"] + more
      ).lines.compactMap { try parsedJSON($0)["event"] as? String }
    }
    let demo = try FaultyMicrophone.demo()
    #expect(try events(demo, FaultyMicrophone.model, "--gate", "10") == [String](repeating: "keyword", count: 7))
    // The small network of the tests hears words in steady noise, as long as nothing forbids it.
    let steady = noise(12, 3_000)
    let heard = try events(steady, Fixture.audio, "--threshold", "0.3")
    #expect(!heard.isEmpty && heard.allSatisfy { $0 == "keyword" })
    #expect(
      try events(steady, Fixture.audio, "--threshold", "0.3", "--gate", "10")
        == [String](repeating: "gated", count: heard.count))
  }
}
