/// Sound that makes the fixture's network report words: bursts of noise of changing colour, between silence.
package enum TestSound {
  package static let rate_hz = 16_000

  package static func samples(_ count: Int, seed: UInt64 = 1) -> [Int16] {
    var state = seed
    var low: Int32 = 0
    return (0..<count).map { index in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let noise = Int32(truncatingIfNeeded: Int64(bitPattern: state) >> 50)
      let part = index / 2400
      low += (noise - low) / Int32(1 + part % 5 * 4)
      return part % 3 == 0 ? Int16(noise / 64) : Int16(truncatingIfNeeded: low)
    }
  }

  package static func samples(seconds: Double, seed: UInt64 = 1) -> [Int16] {
    samples(Int(seconds * Double(rate_hz)), seed: seed)
  }

  /// S16_LE.
  package static func raw(_ samples: [Int16]) -> [UInt8] {
    samples.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
  }

  /// A WAV file of 16-bit samples; `declared_bytes` is what its header says, whatever it holds.
  package static func wav(
    _ samples: [Int16], rate_hz: Int = rate_hz, channels: Int = 1, declared_bytes: UInt32? = nil
  ) -> [UInt8] {
    func little(_ value: UInt32, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }
    let data = raw(samples)
    let size = declared_bytes ?? UInt32(data.count)
    var head = Array("RIFF".utf8) + little(size &+ 36, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
    head += little(1, 2) + little(UInt32(channels), 2) + little(UInt32(rate_hz), 4)
    head += little(UInt32(rate_hz * channels * 2), 4) + little(UInt32(channels * 2), 2) + little(16, 2)
    return head + Array("data".utf8) + little(size, 4) + data
  }
}
