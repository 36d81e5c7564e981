/// Real values, one frame a step, Int16 with the fractional bits that the network's header tells: the edge that the network's
/// input takes; also the -1, 0 or 1 that a block of ternary spikes makes for its own weights.
struct Frames: BitwiseCopyable {
  /// Values in a frame.
  let width: Int
  /// [width], within ± the network's input limit. Stays until the next frame or a reset: whoever runs the network may look at it.
  let values: UnsafeMutablePointer<Int16>
  /// How many of the last frame's values count as operations of the layer that reads them.
  let activeCount: UnsafeMutablePointer<Int>
  /// Whether a value of zero is an operation: in dense input it is, in event counts it is the absence of one.
  let countsZeros: Bool

  @_noAllocation @_noLocks
  func reset() {
    for index in 0..<width { values[index] = 0 }
    activeCount.pointee = 0
  }

  /// Takes in a frame; values beyond ±`limit` are saturated to it.
  ///
  /// - Parameter input: [width]; may be `values`.
  @_noAllocation @_noLocks
  @inline(__always)
  func accept(_ input: UnsafePointer<Int16>, limit: Int16) {
    // Wrapping, because a checked minus would be a trap in the loop.
    let least = 0 &- limit
    let (values, countsZeros) = (values, countsZeros)
    var count = 0
    for index in 0..<width {
      let value = input[index]
      values[index] = value > limit ? limit : (value < least ? least : value)
      count &+= value == 0 && !countsZeros ? 0 : 1
    }
    activeCount.pointee = count
  }
}

extension Frames {
  /// The edge that weights read as a frame: the network gives them no other.
  init(_ edge: Edge?) {
    guard case .frames(let frames)? = edge else {
      preconditionFailure("weights that read a frame need an edge for it")
    }
    self = frames
  }
}
