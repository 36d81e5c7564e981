import FixedPoint

/// The complex decay A of C-SiLIF and RF neurons, [width] each.
struct ComplexDecay: BitwiseCopyable {
  /// Re A and Im A, ±1 each.
  let real_q30: UnsafePointer<Int32>
  let imaginary_q30: UnsafePointer<Int32>

  /// - Parameter settled_q30: Re A with which neurons that a current of 1.5 drives fire in every step.
  init(reading reader: inout TableReader, settled_q30: Int32) throws(ModelError) {
    let one_q30: Int64 = 1 << 30
    real_q30 = try reader.neuronTable(
      Int32.self, "decay", padding: "decay padding", in: -one_q30...one_q30,
      busy: BusyValues(settled: settled_q30, clamped: 1 << 30))
    imaginary_q30 = try reader.neuronTable(
      Int32.self, "decay_imaginary", padding: "decay_imaginary padding", in: -one_q30...one_q30,
      // 0.0034: what it turns away from Re u, with the reset, is less than the largest bias brings, 0.0078 of the limit.
      busy: BusyValues(settled: 0, clamped: 7 << 19))
  }
}

/// The complex state u of C-SiLIF and RF neurons.
struct ComplexState: BitwiseCopyable {
  let width: Int
  /// Re u and Im u, within ±2^30.
  let real_qF: UnsafeMutablePointer<Int32>
  let imaginary_qF: UnsafeMutablePointer<Int32>

  init(width: Int, arena: inout Arena) {
    self.width = width
    real_qF = arena.reserve(Int32.self, width)
    imaginary_qF = arena.reserve(Int32.self, width)
  }

  @_noAllocation @_noLocks
  func reset() {
    for index in 0..<width { real_qF[index] = 0 }
    for index in 0..<width { imaginary_qF[index] = 0 }
  }
}

/// A · z with F + 30 fractional bits, not rounded yet. With |A| <= 1 in each part and |z| <= 2^30 + 2^23, every product stays
/// below 2^61.
@_noAllocation @_noLocks
@inline(__always)
func rotated_qF30(
  _ decayReal_q30: Int32, _ decayImaginary_q30: Int32, _ real_qF: Int32, _ imaginary_qF: Int32
) -> (real: Int64, imaginary: Int64) {
  (
    product(decayReal_q30, real_qF) &- product(decayImaginary_q30, imaginary_qF),
    product(decayImaginary_q30, real_qF) &+ product(decayReal_q30, imaginary_qF)
  )
}
