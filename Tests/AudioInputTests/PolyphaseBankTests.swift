import Testing

@testable import AudioInput

@Suite struct PolyphaseBankTests {
  @Test func equalsThePythonReference() throws {
    for golden in try Golden.load().resampler where golden.rate_hz != 16_000 {
      let bank = PolyphaseBank(rate_hz: golden.rate_hz)
      #expect(bank.taps == golden.taps && bank.phases == golden.phases && bank.blended == golden.blended)
      #expect(digest(bank.rowsOfCoefficients().joined().map(Int32.init)) == golden.bank, "\(golden.rate_hz) Hz")
    }
  }

  /// Unity gain, the bound on memory, and what `dotProduct_q21` relies on.
  @Test func bounds() {
    // Every common rate, and a spread of odd ones over the whole range.
    let low = [8_000, 11_025, 12_000, 16_001, 22_050, 24_000, 32_000]
    let high = [44_100, 48_000, 64_000, 88_200, 96_000, 176_400, 191_975, 192_000]
    let spread = (0..<40).map { 3 + 19_691 * $0 }
    for rate_hz in low + high + spread + [1, 2, 15_999, 767_999, 768_000] {
      let bank = PolyphaseBank(rate_hz: rate_hz)
      #expect((bank.phases + 1) * bank.taps <= PolyphaseBank.exactBankCoefficients, "\(rate_hz) Hz")
      for (index, row) in bank.rowsOfCoefficients().enumerated() {
        #expect(row.reduce(0, +) == 1 << 21, "\(rate_hz) Hz, row \(index)")
        var high: Int64 = 0
        for tap in 0..<bank.taps {
          high += Int64(bank.high_q14[index * bank.taps + tap].magnitude)
          let low = bank.low_q21[index * bank.taps + tap]
          #expect(low >= -64 && low <= 63)
        }
        #expect(high < 1 << 16, "\(rate_hz) Hz, row \(index)")
      }
    }
  }

  @Test func cacheGivesOneBankToAllThreads() async {
    await withTaskGroup(of: Int.self) { group in
      for rate_hz in [44_100, 48_000, 8_000, 22_050, 32_000, 44_100, 48_000, 96_000, 8_000] {
        group.addTask { BankCache.bank(rate_hz: rate_hz).rate_hz - rate_hz }
      }
      for await difference in group { #expect(difference == 0) }
    }
  }
}

extension PolyphaseBank {
  func rowsOfCoefficients() -> [[Int64]] {
    (0..<(phases + (blended ? 1 : 0))).map { row in (0..<taps).map { coefficient_q21(row: row, tap: $0) } }
  }
}
