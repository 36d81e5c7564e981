/// Sums behind synaptic delays: every weight of every presynaptic neuron that fired (or, behind dense input, of every
/// non-zero input) goes to its own future slot.
enum SynapticInput {
  @_noAllocation @_noLocks
  @inline(never)
  static func scatter(
    active: UnsafePointer<UInt16>, count: Int, weights: Weights, delays: UnsafePointer<UInt8>,
    slot: Int, ring: SumRing
  ) {
    for position in 0..<count {
      scatterRow(Int(active[position]), value: 1, weights, delays, slot, ring)
    }
  }

  @_noAllocation @_noLocks
  @inline(never)
  static func scatter(
    frame: UnsafePointer<Int16>, weights: Weights, delays: UnsafePointer<UInt8>, slot: Int,
    ring: SumRing
  ) {
    for input in 0..<weights.inputs where frame[input] != 0 {
      scatterRow(input, value: Int32(frame[input]), weights, delays, slot, ring)
    }
  }

  @inline(__always)
  private static func scatterRow(
    _ input: Int, value: Int32, _ weights: Weights, _ delays: UnsafePointer<UInt8>, _ slot: Int,
    _ ring: SumRing
  ) {
    let start = input &* weights.width
    if weights.bits == 8 {
      let row = weights.rows.assumingMemoryBound(to: Int8.self) + start
      ring.scatter(row: row, delays: delays + start, value: value, slot: slot)
    } else if weights.bits == 4 {
      ring.scatter(row: NibbleRow(input, of: weights), delays: delays + start, value: value, slot: slot)
    } else {
      let row = weights.rows.assumingMemoryBound(to: Int16.self) + start
      ring.scatter(row: row, delays: delays + start, value: value, slot: slot)
    }
  }
}
