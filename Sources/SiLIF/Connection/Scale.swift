import FixedPoint

/// What turns complete integer sums into currents: I = scale · sum + bias, one scale and one bias a neuron.
///
/// Twins: Sources/CKernels/arithmetic.h, tools/silif_tools/kinds/connection.py
struct Scale: BitwiseCopyable {
  /// [width]: a complete sum times this, shifted right by `shift`, is a current with F + 8 fractional bits. 0...2^31 - 1
  let mantissa: UnsafePointer<Int32>
  /// [width]: 0...62
  let shift: UnsafePointer<UInt8>
  /// [width]
  let bias_qF8: UnsafePointer<Int32>

  /// The same with other biases.
  init(_ scale: Scale, bias_qF8: UnsafePointer<Int32>) {
    (mantissa, shift) = (scale.mantissa, scale.shift)
    self.bias_qF8 = bias_qF8
  }

  init(reading reader: inout TableReader) throws(ModelError) {
    let branches = reader.header.kind.branches
    mantissa = try reader.neuronTable(
      Int32.self, "scale_mantissa", padding: "scale_mantissa padding", in: 0...Int64(Int32.max), branches: branches,
      // The sums are made, and count for nothing.
      busy: BusyValues(settled: 0, clamped: 0))
    shift = try reader.neuronTable(
      UInt8.self, "scale_shift", padding: "scale_shift padding", in: 0...62, branches: branches)
    let oneAndAHalf_qF8 = Int32(3) << Int32(reader.header.stateFractionBits + 7)
    bias_qF8 = try reader.neuronTable(
      Int32.self, "bias", padding: "bias padding", branches: branches,
      busy: BusyValues(settled: oneAndAHalf_qF8, clamped: .max))
  }

  /// The largest |current| that sums of at most `sum` can make, F + 8 fractional bits. |sum·mantissa| < 2^62.
  func largestCurrent_qF8(of output: Int, sum: Int64) -> Int64 {
    roundedShift(sum * Int64(mantissa[output]), rightBy: Int64(shift[output])) + abs(Int64(bias_qF8[output]))
  }
}

/// The currents of a layer's neurons in this step: its complete sums, and what turns them into currents.
struct Currents: BitwiseCopyable {
  /// [columns]: one for each neuron, or more, branch after branch, where its kind has branches
  let sums: UnsafePointer<Int32>
  let scale: Scale
}

/// A current with F + 8 fractional bits, aligned to the F + 30 fractional bits in which the neurons add.
///
/// |sum·mantissa| < 2^62 because both are Int32; |current| <= 2^38 was checked at load, so the shift by 22 ends at
/// 2^60 or below.
@_noAllocation @_noLocks
@inline(__always)
func alignedCurrent_qF30(_ sum: Int32, _ mantissa: Int32, _ shift: UInt8, _ bias_qF8: Int32) -> Int64 {
  current_qF8(sum, mantissa, shift, bias_qF8) &<< 22
}

/// The same with its own F + 8 fractional bits, |current| <= 2^38.
@_noAllocation @_noLocks
@inline(__always)
func current_qF8(_ sum: Int32, _ mantissa: Int32, _ shift: UInt8, _ bias_qF8: Int32) -> Int64 {
  roundedShift(product(sum, mantissa), rightByVariable: shift) &+ wide(bias_qF8)
}

/// The same rounded to F fractional bits and clamped to the bound of a state.
@_noAllocation @_noLocks
@inline(__always)
func current_qF(
  _ sum: Int32, _ mantissa: Int32, _ shift: UInt8, _ bias_qF8: Int32, saturation: SaturationCounter
) -> Int32 {
  saturation.clamp(state: roundedShift(current_qF8(sum, mantissa, shift, bias_qF8), rightBy: 8))
}
