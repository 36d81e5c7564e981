import AudioInput
import Glibc

/// Measures levels on the audio path: a few sums for each sample, and for every eighth block a filter.
struct LevelMeter: ~Copyable {
  /// What was measured since `take`.
  private(set) var level = Level()
  private let taps: UnsafeMutablePointer<Int32>
  private var blocks = 0
  /// What is constant in the samples, in 256ths. It follows their means with a time constant of 80 ms, by whole blocks: an offset for
  /// each sample, as of `OffsetFilter`, would be most of what a block costs.
  private var offset_q8: Int64 = 0

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
    var squares: UInt64 = 0
    var peak: UInt32 = 0
    var clipped: Int64 = 0
    let step_q8 = Self.mean(samples) << 8 &- offset_q8
    offset_q8 &+= blocks == 0 ? step_q8 : step_q8 &* Int64(samples.count) / 1_280
    let offset = Int32(truncatingIfNeeded: (offset_q8 &+ 128) >> 8)
    for at in 0..<samples.count {
      let magnitude = (Int32(start[at]) &- offset).magnitude  // at most 65535, whose square just fits
      squares &+= UInt64(magnitude &* magnitude)
      if magnitude > peak { peak = magnitude }
      if start[at].magnitude >= 32_767 { clipped &+= 1 }
    }
    level.count &+= Int64(samples.count)
    level.squares &+= Int128(squares)
    level.clipped &+= clipped
    // A step of the offset may look larger than any sound.
    let largest = UInt16(truncatingIfNeeded: min(peak, 32_768))
    if largest > level.peak { level.peak = largest }
    blocks &+= 1
    if blocks & 7 == 1 { measureHighBand(start, samples.count, offset: Int64(offset)) }
  }

  @_noAllocation @_noLocks
  private static func mean(_ samples: UnsafeBufferPointer<Int16>) -> Int64 {
    // Blocks are short: 65,536 samples would fit.
    var sum: Int32 = 0
    for sample in samples { sum &+= Int32(sample) }
    return Int64(sum) / Int64(max(samples.count, 1))
  }

  @_noAllocation @_noLocks
  private mutating func measureHighBand(_ start: UnsafePointer<Int16>, _ count: Int, offset: Int64) {
    var at = 0
    while at &+ Self.tapCount <= count {
      var sum: Int64 = 0
      for tap in 0..<Self.tapCount { sum &+= Int64(taps[tap]) &* Int64(start[at &+ tap]) }
      let high = sum >> 15  // a level, not a sample: no rounding needed
      let middle = Int64(start[at &+ Self.tapCount / 2]) &- offset
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
