/// Values to which blocks add, one for each channel: the edge behind an encoder and between blocks (docs/NEURONS.md).
struct Stream: BitwiseCopyable {
  /// Channels, their padding included; that of the values is zero.
  let width: Int
  /// [width], |r| <= 2^30.
  let values_qF: UnsafeMutablePointer<Int32>
  /// F, that of the layer which writes.
  let fractionBits: Int

  @_noAllocation @_noLocks
  func reset() {
    for index in 0..<width { values_qF[index] = 0 }
  }
}

extension Stream {
  /// What a layer that is no block takes of a stream: Int16 values of so many fractional bits, saturated to ±`readLimit`.
  static var readFractionBits: Int { @_noAllocation @_noLocks @inline(__always) get { 8 } }
  static var readLimit: Int { @_noAllocation @_noLocks @inline(__always) get { 32_767 } }

  /// The edge of a layer whose kind reads or writes a stream: the network gives it no other.
  init(_ edge: Edge?) {
    guard case .stream(let stream)? = edge else {
      preconditionFailure("a layer at a stream needs an edge for it")
    }
    self = stream
  }
}
