/// Axonal delays behind spikes: a ring of spike bitmaps, read at each presynaptic neuron's own delay.
///
/// Memory: (maximumDelay + 1) · ceil(inputs / 8) bytes.
struct SpikeRing {
  private let bitmaps: UnsafeMutablePointer<UInt8>
  private let rowBytes: Int
  private let slots: Int

  init(inputs: Int, maximumDelay: Int, arena: inout Arena) {
    rowBytes = (inputs + 7) / 8
    slots = maximumDelay + 1
    bitmaps = arena.reserve(UInt8.self, rowBytes * slots)
  }

  @_noAllocation @_noLocks
  func reset() {
    for index in 0..<rowBytes &* slots { bitmaps[index] = 0 }
  }

  /// Stores this step's spikes in `slot` and lists the neurons whose spike arrives now, in ascending order.
  ///
  /// - Parameters:
  ///   - slot: this step modulo the number of slots.
  ///   - arrived: receives the indices; room for all inputs.
  /// - Returns: how many arrived.
  @_noAllocation @_noLocks
  func exchange(
    active: UnsafePointer<UInt16>, count: Int, slot: Int, delays: UnsafePointer<UInt8>, inputs: Int,
    arrived: UnsafeMutablePointer<UInt16>
  ) -> Int {
    let row = bitmaps + slot &* rowBytes
    for index in 0..<rowBytes { row[index] = 0 }
    for position in 0..<count {
      let neuron = Int(active[position])
      row[neuron &>> 3] |= 1 &<< UInt8(truncatingIfNeeded: neuron & 7)
    }
    var found = 0
    for neuron in 0..<inputs {
      var source = slot &- Int(delays[neuron])
      if source < 0 { source &+= slots }
      let bit = bitmaps[source &* rowBytes &+ neuron &>> 3] &>> UInt8(truncatingIfNeeded: neuron & 7) & 1
      if bit != 0 {
        arrived[found] = UInt16(truncatingIfNeeded: neuron)
        found &+= 1
      }
    }
    return found
  }
}
