/// Sums behind synaptic delays: every weight of every presynaptic neuron that fired (or, behind dense input, of every
/// non-zero input) goes to its own future slot.
enum SynapticInput {
  @_noAllocation @_noLocks
  static func scatter(
    active: UnsafePointer<UInt16>, count: Int, parameters: borrowing LayerParameters, delays: UnsafePointer<UInt8>,
    slot: Int, ring: SumRing
  ) {
    for position in 0..<count {
      scatterRow(Int(active[position]), value: 1, parameters, delays, slot, ring)
    }
  }

  @_noAllocation @_noLocks
  static func scatter(
    frame: UnsafePointer<Int16>, parameters: borrowing LayerParameters, delays: UnsafePointer<UInt8>, slot: Int,
    ring: SumRing
  ) {
    for input in 0..<parameters.inputs where frame[input] != 0 {
      scatterRow(input, value: Int32(frame[input]), parameters, delays, slot, ring)
    }
  }

  @inline(__always)
  private static func scatterRow(
    _ input: Int, value: Int32, _ parameters: borrowing LayerParameters, _ delays: UnsafePointer<UInt8>, _ slot: Int,
    _ ring: SumRing
  ) {
    let start = input &* parameters.paddedOutputs
    if parameters.weightBits == 8 {
      let row = parameters.weights.assumingMemoryBound(to: Int8.self) + start
      ring.scatter(row: row, delays: delays + start, value: value, slot: slot)
    } else if parameters.weightBits == 4 {
      ring.scatter(row: NibbleRow(input, of: parameters), delays: delays + start, value: value, slot: slot)
    } else {
      let row = parameters.weights.assumingMemoryBound(to: Int16.self) + start
      ring.scatter(row: row, delays: delays + start, value: value, slot: slot)
    }
  }
}
