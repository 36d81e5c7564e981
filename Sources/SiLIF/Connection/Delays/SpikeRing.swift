/// Axonal delays behind spikes: a ring of spike bitmaps, one for each step to come, into which a spike is put at its
/// neuron's own delay.
///
/// What a step costs grows with the spikes that set out and arrive, and with nothing else: reading every neuron's bit of
/// its own step costs more, and costs most where half the neurons fire and no branch can be foreseen.
///
/// Memory: (maximumDelay + 1) · ceil(inputs / 32) · 4 bytes.
struct SpikeRing {
  private let bitmaps: UnsafeMutablePointer<UInt32>
  private let rowWords: Int
  private let slots: Int

  init(inputs: Int, maximumDelay: Int, arena: inout Arena) {
    rowWords = (inputs + 31) / 32
    slots = maximumDelay + 1
    bitmaps = arena.reserve(UInt32.self, rowWords * slots)
  }

  @_noAllocation @_noLocks
  func reset() {
    for index in 0..<rowWords &* slots { bitmaps[index] = 0 }
  }

  /// Takes this step's spikes and lists the neurons whose spike arrives now, in ascending order.
  ///
  /// - Parameters:
  ///   - slot: this step modulo the number of slots.
  ///   - delays: [inputs], each at most maximumDelay.
  ///   - arrived: receives the indices; room for all inputs. Not the memory of `active`.
  /// - Returns: how many arrived.
  // Never inlined: among the other ways of a connection its loops lack registers.
  @_noAllocation @_noLocks
  @inline(never)
  func exchange(
    active: UnsafePointer<UInt16>, count: Int, slot: Int, delays: UnsafePointer<UInt8>,
    arrived: UnsafeMutablePointer<UInt16>
  ) -> Int {
    for position in 0..<count {
      let neuron = Int(active[position])
      var arrival = slot &+ Int(delays[neuron])
      if arrival >= slots { arrival &-= slots }
      bitmaps[arrival &* rowWords &+ neuron &>> 5] |= 1 &<< UInt32(truncatingIfNeeded: neuron & 31)
    }
    let row = bitmaps + slot &* rowWords
    var found = 0
    for word in 0..<rowWords {
      var bits = row[word]
      // Free for the step that comes a full turn later.
      row[word] = 0
      while bits != 0 {
        arrived[found] = UInt16(truncatingIfNeeded: word &<< 5 &+ bits.trailingZeroBitCount)
        bits &= bits &- 1
        found &+= 1
      }
    }
    return found
  }
}
