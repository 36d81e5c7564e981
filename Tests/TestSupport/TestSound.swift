import CommandSupport

/// Sound that makes the fixture's network report words: bursts of noise of changing colour, between silence.
enum TestSound {
  static let rate_hz = 16_000

  static func samples(seconds: Double, seed: UInt64 = 1) -> [Int16] {
    var state = seed
    var low: Int32 = 0
    return (0..<Int(seconds * Double(rate_hz))).map { index in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let noise = Int32(truncatingIfNeeded: Int64(bitPattern: state) >> 50)
      let part = index / 2400
      low += (noise - low) / Int32(1 + part % 5 * 4)
      return part % 3 == 0 ? Int16(noise / 64) : Int16(truncatingIfNeeded: low)
    }
  }

  static func raw(_ samples: [Int16]) -> [UInt8] {
    samples.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
  }

  /// 16 bits, mono.
  static func wav(_ samples: [Int16], rate_hz: Int = rate_hz) -> [UInt8] {
    func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let data = raw(samples)
    let format = word(16) + [1, 0, 1, 0] + word(rate_hz) + word(2 * rate_hz) + [2, 0, 16, 0]
    return Array("RIFF".utf8) + word(36 + data.count) + Array("WAVEfmt ".utf8) + format + Array("data".utf8)
      + word(data.count) + data
  }
}
