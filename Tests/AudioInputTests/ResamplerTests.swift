import Testing

@testable import AudioInput

@Suite struct ResamplerTests {
  @Test func equalsThePythonReference() throws {
    for golden in try Golden.load().resampler {
      let output = resample(noise(golden.frames, seed: UInt64(golden.rate_hz)), rate_hz: golden.rate_hz)
      #expect(output.count == golden.count, "\(golden.rate_hz) Hz")
      #expect(Array(output.prefix(8)) == golden.first, "\(golden.rate_hz) Hz")
      #expect(digest(output.map(Int32.init)) == golden.digest, "\(golden.rate_hz) Hz")
    }
  }

  @Test(arguments: [1, 8_000, 12_345, 16_000, 16_001, 44_100, 48_000, 192_000, 768_000])
  func blocksDoNotMatter(rate_hz: Int) {
    let input = noise(rate_hz == 1 ? 2 : 3_001, seed: 5)
    let whole = resample(input, rate_hz: rate_hz)
    for block in [1, 7, 160, 4096] {
      #expect(resample(input, rate_hz: rate_hz, inputBlock: block) == whole)
      #expect(resample(input, rate_hz: rate_hz, outputBlock: block) == whole)
      #expect(resample(input, rate_hz: rate_hz, inputBlock: 160, outputBlock: block) == whole)
    }
  }

  @Test(arguments: [7_999, 11_025, 44_100, 48_000, 191_975])
  func equalsAWiderSum(rate_hz: Int) {
    // Each output again, from the bank's full coefficients, in 128 bits, with no streaming.
    let bank = PolyphaseBank(rate_hz: rate_hz)
    let input = noise(2_000, seed: 9)
    for (n, value) in resample(input, rate_hz: rate_hz).enumerated() {
      let start = n * bank.down / bank.up
      let phase = n * bank.down % bank.up
      func sum(row: Int) -> Int128 {
        (0..<bank.taps).reduce(0) { total, tap in
          let at = start + tap - (bank.taps / 2 - 1)
          let sample = input.indices.contains(at) ? Int128(input[at]) : 0
          return total + Int128(bank.coefficient_q21(row: row, tap: tap)) * sample
        }
      }
      let scale = Int128(bank.up) << 21
      let row = phase * bank.phases / bank.up
      let weight = Int128(phase * bank.phases % bank.up)
      var exact = sum(row: row) * (Int128(bank.up) - weight)
      if weight > 0 { exact += sum(row: row + 1) * weight }
      let shifted = exact + scale / 2 + scale * 1_000_000
      #expect(Int128(value) == min(max(shifted / scale - 1_000_000, -32_768), 32_767), "output \(n)")
    }
  }

  @Test func resetIsAsNew() {
    for rate_hz in [12_345, 44_100, 16_000] {
      var resampler = Resampler(rate_hz: rate_hz)
      let input = noise(1_234, seed: 2)
      let first = resample(input, with: &resampler)
      resampler.reset()
      #expect(resample(input, with: &resampler) == first)
    }
  }

  @Test func lengthIsRoundedUp() {
    for rate_hz in [8_000, 12_345, 16_000, 16_001, 44_100, 96_000, 767_999] {
      for frames in [0, 1, 2, 3, 47, 48, 49, 1_000, 1_001] {
        #expect(resample(noise(frames, seed: 1), rate_hz: rate_hz).count == (frames * 16_000 + rate_hz - 1) / rate_hz)
      }
    }
  }

  @Test func sixteenKilohertzPassesThrough() {
    let input = noise(10_000, seed: 3)
    #expect(resample(input, rate_hz: 16_000, inputBlock: 333, outputBlock: 100) == input)
  }
}

extension PolyphaseBank {
  func coefficient_q21(row: Int, tap: Int) -> Int64 {
    Int64(high_q14[row * taps + tap]) * (1 << CoefficientFormat.lowBits) + Int64(low_q21[row * taps + tap])
  }
}
