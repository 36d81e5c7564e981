import Foundation
import Testing

@testable import AudioInput

/// What the ear would notice. (tools/tests/test_resampler.py measures the same on the reference, at more rates and frequencies.)
@Suite struct ToneTests {
  @Test(arguments: [22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000])
  func aliasesAre75DecibelsDown(rate_hz: Int) {
    for step in 0...8 {
      let frequency_hz = 8_000 + Double(step) / 8 * (0.999 * Double(rate_hz) / 2 - 8_000)
      #expect(level_db(resample(tone(rate_hz, frequency_hz), rate_hz: rate_hz)) < -75, "\(frequency_hz) Hz")
    }
  }

  @Test(arguments: [8_000, 11_025, 12_345, 16_001, 44_100, 48_000, 192_000])
  func thePassBandIsFlat(rate_hz: Int) {
    let edge_hz = rate_hz < 16_000 ? 0.447 * Double(rate_hz) : 7_000
    for step in 1...5 {
      let frequency_hz = edge_hz * Double(step) / 5
      #expect(abs(level_db(resample(tone(rate_hz, frequency_hz), rate_hz: rate_hz))) < 0.1, "\(frequency_hz) Hz")
    }
  }

  private func tone(_ rate_hz: Int, _ frequency_hz: Double) -> [Int16] {
    (0..<(rate_hz / 4)).map { n in
      let angle = 2 * Double.pi * frequency_hz * Double(n) / Double(rate_hz)
      return Int16((29_000 * sin(angle)).rounded())
    }
  }

  /// RMS against the tone's, away from its start and end.
  private func level_db(_ samples: [Int16]) -> Double {
    let middle = samples.dropFirst(400).dropLast(400)
    let power = middle.reduce(0) { $0 + Double($1) * Double($1) } / Double(middle.count)
    return 10 * log10(2 * power / (29_000 * 29_000) + 1e-12)
  }
}
