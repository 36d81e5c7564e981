/// Which of a layer's neurons fired: the edge between layers of spiking neurons.
struct Spikes: BitwiseCopyable {
  /// Neurons of the layer that writes, its padding included.
  let width: Int
  /// [width]: 1 where the neuron fired in the last step. The neurons themselves read it in the next one.
  let flags: UnsafeMutablePointer<UInt8>
  /// [width], of which `count` hold the indices of the neurons that fired, ascending. Scratch memory that the network lends:
  /// it holds until the layer that reads it has made its sums.
  let active: UnsafeMutablePointer<UInt16>
  /// How many fired in the last step.
  let count: UnsafeMutablePointer<Int>

  @_noAllocation @_noLocks
  func reset() {
    for index in 0..<width { flags[index] = 0 }
    count.pointee = 0
  }

  /// Lists who fired according to the flags.
  @_noAllocation @_noLocks
  @inline(__always)
  func list() { count.pointee = list(into: active) }

  /// The same to a place of its own, [width].
  ///
  /// Without a branch on the data: every index is written, and kept only when its neuron fired. The write position never
  /// passes the index, so the list needs no extra room.
  ///
  /// - Returns: how many.
  @_noAllocation @_noLocks
  @inline(__always)
  func list(into active: UnsafeMutablePointer<UInt16>) -> Int {
    let flags = flags
    var found = 0
    for index in 0..<width {
      active[found] = UInt16(truncatingIfNeeded: index)
      found &+= Int(flags[index])
    }
    return found
  }
}

extension Spikes {
  /// The edge of a layer whose kind writes spikes: the network gives it no other.
  init(_ edge: Edge?) {
    guard case .spikes(let spikes)? = edge else {
      preconditionFailure("a layer that writes spikes needs an edge for them")
    }
    self = spikes
  }
}
