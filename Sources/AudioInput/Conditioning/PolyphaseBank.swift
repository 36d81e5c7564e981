import FixedPoint
import Synchronization

/// The filters that take one input rate to 16 kHz: a Kaiser-windowed sinc, cut into rows, one for each position that an output
/// sample can have between two input samples.
///
/// Images and aliases are at least 79 dB down. Above 16 kHz the pass band is flat within 0.1 dB to 7.0 kHz and the stop band
/// begins at 8 kHz; below, the pass band ends at 0.45 and the stop band begins at 0.5 of the input rate.
///
/// Memory: with 16000/gcd positions the exact bank is used up to 65,536 coefficients (256 KiB); 44.1 kHz has 33,280. Rates that
/// need more (12,345 Hz, 16,001 Hz) get rows on a grid of at most 256 positions, and an output is the exact rational blend of
/// its two neighbours; that costs twice the time, at most 160 KiB, and no attenuation.
///
/// Twins: tools/silif_tools/integer/resampler.py
final class PolyphaseBank: Sendable {
  static let exactBankCoefficients = 65_536

  /// What a resampler needs at every output, in plain values: no reference counts on the read path. Valid while the bank lives.
  struct Rows {
    let up: Int
    let taps: Int
    let phases: Int
    let blended: Bool
    let high_q14: UnsafePointer<Int16>
    let low_q21: UnsafePointer<Int16>
  }

  let rate_hz: Int
  /// `up` output samples for `down` input samples, in lowest terms.
  let up: Int
  let down: Int
  let taps: Int
  /// Rows on the grid; equal to `up` unless blended.
  let phases: Int
  let blended: Bool
  /// Rows one after the other; phases of them, and one more when blended.
  nonisolated(unsafe) let high_q14: UnsafePointer<Int16>
  nonisolated(unsafe) let low_q21: UnsafePointer<Int16>

  /// Designs the bank for 1...768,000 Hz, other than 16 kHz.
  init(rate_hz: Int) {
    let common = greatestCommonDivisor(rate_hz, outputRate_hz)
    self.rate_hz = rate_hz
    up = outputRate_hz / common
    down = rate_hz / common

    let cutoff: Int64
    let cutoffScale: Int64
    if rate_hz > outputRate_hz {
      taps = ((rate_hz * 501 + 109_999) / 110_000 + 7) / 8 * 8  // a transition 1,100 Hz wide, in whole SIMD registers
      (cutoff, cutoffScale) = (7_450, Int64(rate_hz))
    } else {
      taps = 96
      (cutoff, cutoffScale) = (4_735, 10_000)
    }

    blended = up * taps > Self.exactBankCoefficients
    var phases = up
    if blended {
      // Blending errs by the square of the grid's pitch: a grid of 4 to 8 MHz keeps that below -95 dB.
      phases = 256
      while phases > 1 && phases * rate_hz > 256 * 32_000 { phases /= 2 }
    }
    self.phases = phases

    let halfTaps = taps / 2
    let halfWidth = Int64(halfTaps * phases)
    let prototype = (0...halfWidth).map { k in
      roundedShift(
        sinc_q30(k, cutoff: cutoff, cutoffScale: cutoffScale, phases: Int64(phases))
          * kaiser_q20(k, halfWidth: halfWidth), rightBy: 24)
    }

    let rows = phases + (blended ? 1 : 0)
    let high = UnsafeMutablePointer<Int16>.allocate(capacity: rows * taps)
    let low = UnsafeMutablePointer<Int16>.allocate(capacity: rows * taps)
    for row in 0..<rows {
      let terms = (0..<taps).map { prototype[abs(($0 - (halfTaps - 1)) * phases - row)] }
      let total = terms.reduce(0, +)
      // Rounding the running sum, not the terms, makes a row sum to exactly one.
      var running: Int64 = 0
      var before: Int64 = 0
      for tap in 0..<taps {
        running += terms[tap]
        let rounded = flooredQuotient((running << CoefficientFormat.bits) + total / 2, by: total)
        let coefficient = rounded - before
        before = rounded
        let top = roundedShift(coefficient, rightBy: CoefficientFormat.lowBits)
        high[row * taps + tap] = Int16(top)
        low[row * taps + tap] = Int16(coefficient - (top << CoefficientFormat.lowBits))
      }
    }
    high_q14 = UnsafePointer(high)
    low_q21 = UnsafePointer(low)
  }

  var rows: Rows {
    Rows(up: up, taps: taps, phases: phases, blended: blended, high_q14: high_q14, low_q21: low_q21)
  }

  deinit {
    high_q14.deallocate()
    low_q21.deallocate()
  }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  b == 0 ? a : greatestCommonDivisor(b, a % b)
}

/// Designing a bank takes milliseconds, and a folder of clips shares one rate: the last few banks are kept, for all threads.
enum BankCache {
  private static let limit = 4
  private static let banks = Mutex<[PolyphaseBank]>([])

  static func bank(rate_hz: Int) -> PolyphaseBank {
    if let known = banks.withLock({ $0.first { $0.rate_hz == rate_hz } }) { return known }
    let bank = PolyphaseBank(rate_hz: rate_hz)
    banks.withLock {
      if $0.count == limit { $0.removeFirst() }
      $0.append(bank)
    }
    return bank
  }
}
