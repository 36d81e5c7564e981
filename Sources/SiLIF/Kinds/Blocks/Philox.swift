import FixedPoint

/// Four words of 32 bits: a counter of Philox, or what it makes of one.
struct PhiloxWords: BitwiseCopyable, Equatable {
  var first: UInt32
  var second: UInt32
  var third: UInt32
  var fourth: UInt32

  @_noAllocation @_noLocks
  @inline(__always)
  init(first: UInt32, second: UInt32, third: UInt32, fourth: UInt32) {
    self.first = first
    self.second = second
    self.third = third
    self.fourth = fourth
  }
}

/// Philox 4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3; SC 2011): random words that depend on a counter
/// and a key and on nothing else, so that a run can be repeated from any step on.
///
/// Twins: Sources/CKernels/philox.h, tools/silif_tools/kinds/philox.py, docs/ARITHMETIC.md
enum Philox {
  @_noAllocation @_noLocks
  @inline(__always)
  static func words(_ counter: PhiloxWords, key: UInt64) -> PhiloxWords {
    var (c, low, high) = (counter, UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key &>> 32))
    for _ in 0..<10 {
      let one = UInt64(c.first) &* 0xD251_1F53
      let two = UInt64(c.third) &* 0xCD9E_8D57
      c = PhiloxWords(
        first: UInt32(truncatingIfNeeded: two &>> 32) ^ c.second ^ low, second: UInt32(truncatingIfNeeded: two),
        third: UInt32(truncatingIfNeeded: one &>> 32) ^ c.fourth ^ high, fourth: UInt32(truncatingIfNeeded: one))
      low &+= 0x9E37_79B9
      high &+= 0xBB67_AE85
    }
    return c
  }
}

extension PhiloxWords {
  /// Number `index`, 0...7, of 16 bits: of each word the lower half first.
  @_noAllocation @_noLocks
  @inline(__always)
  func draw(_ index: Int) -> Int32 {
    let word = index < 4 ? (index < 2 ? first : second) : (index < 6 ? third : fourth)
    return Int32(truncatingIfNeeded: index & 1 == 0 ? word & 0xFFFF : word &>> 16)
  }
}
