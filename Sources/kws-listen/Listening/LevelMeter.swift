import AudioInput
import Glibc

/// Measures levels on the audio path: a few sums for each sample, and for every eighth block a filter.
struct LevelMeter: ~Copyable {
  /// What was measured since `take`.
  private(set) var level = Level()
  private let taps: UnsafeMutablePointer<Int32>
  private var blocks = 0

  static let tapCount = 47

  init() {
    taps = .allocate(capacity: Self.tapCount)
    let middle = (Self.tapCount - 1) / 2
    let cut = 4_800.0 / Double(outputRate_hz)
    for tap in 0..<Self.tapCount {
      let time = Double(tap - middle)
      let low = time == 0 ? 2 * cut : sin(2 * .pi * cut * time) / (.pi * time)
      // Blackman-Harris would be wider, Hamming leaks: 60 dB is what telling an empty band needs.
      let window = 0.42 + 0.5 * cos(.pi * time / Double(middle + 1)) + 0.08 * cos(2 * .pi * time / Double(middle + 1))
      taps[tap] = Int32((((time == 0 ? 1 : 0) - low) * window * 32_768).rounded())
    }
  }

  deinit { taps.deallocate() }

  @_noAllocation @_noLocks
  mutating func measure(_ samples: UnsafeBufferPointer<Int16>) {
    guard let start = samples.baseAddress else { return }
    var squares: Int64 = 0
    var peak: UInt16 = 0
    var clipped: Int64 = 0
    for at in 0..<samples.count {
      let sample = start[at]
      squares &+= Int64(sample) &* Int64(sample)
      if sample.magnitude > peak { peak = sample.magnitude }
      if sample.magnitude >= 32_767 { clipped &+= 1 }
    }
    level.count &+= Int64(samples.count)
    level.squares &+= Int128(squares)
    level.clipped &+= clipped
    if peak > level.peak { level.peak = peak }
    blocks &+= 1
    if blocks & 7 == 1 { measureHighBand(start, samples.count) }
  }

  @_noAllocation @_noLocks
  private mutating func measureHighBand(_ start: UnsafePointer<Int16>, _ count: Int) {
    var at = 0
    while at &+ Self.tapCount <= count {
      var sum: Int64 = 0
      for tap in 0..<Self.tapCount { sum &+= Int64(taps[tap]) &* Int64(start[at &+ tap]) }
      let high = sum >> 15  // a level, not a sample: no rounding needed
      let middle = Int64(start[at &+ Self.tapCount / 2])
      level.highSquares &+= Int128(high &* high)
      level.allSquaresBesideHigh &+= Int128(middle &* middle)
      at &+= 1
    }
  }

  /// Hands over and begins anew.
  mutating func take() -> Level {
    defer { level = Level() }
    return level
  }
}
