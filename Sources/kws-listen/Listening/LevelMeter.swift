import AudioInput
import Glibc

/// Measures levels on the audio path: a few sums for each sample, and for every eighth block a filter.
struct LevelMeter: ~Copyable {
  /// What was measured since `take`.
  private(set) var level = Level()
  private let taps: UnsafeMutablePointer<Int32>
  private var blocks = 0
  private var offset = OffsetFilter()

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
    var peak: UInt32 = 0
    var clipped: Int64 = 0
    if blocks == 0 { offset.begin(at: Self.mean(samples)) }
    for at in 0..<samples.count {
      let sample = offset.remove(from: start[at])
      squares &+= Int64(sample) &* Int64(sample)
      if sample.magnitude > peak { peak = sample.magnitude }
      if start[at].magnitude >= 32_767 { clipped &+= 1 }
    }
    level.count &+= Int64(samples.count)
    level.squares &+= Int128(squares)
    level.clipped &+= clipped
    // A step of the offset may look larger than any sound.
    let largest = UInt16(truncatingIfNeeded: min(peak, 32_768))
    if largest > level.peak { level.peak = largest }
    blocks &+= 1
    if blocks & 7 == 1 { measureHighBand(start, samples.count) }
  }

  @_noAllocation @_noLocks
  private static func mean(_ samples: UnsafeBufferPointer<Int16>) -> Int16 {
    var sum: Int64 = 0
    for sample in samples { sum &+= Int64(sample) }
    return Int16(truncatingIfNeeded: sum / Int64(max(samples.count, 1)))
  }

  @_noAllocation @_noLocks
  private mutating func measureHighBand(_ start: UnsafePointer<Int16>, _ count: Int) {
    let constant = Int64(Self.mean(UnsafeBufferPointer(start: start, count: count)))
    var at = 0
    while at &+ Self.tapCount <= count {
      var sum: Int64 = 0
      for tap in 0..<Self.tapCount { sum &+= Int64(taps[tap]) &* Int64(start[at &+ tap]) }
      let high = sum >> 15  // a level, not a sample: no rounding needed
      let middle = Int64(start[at &+ Self.tapCount / 2]) &- constant
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
