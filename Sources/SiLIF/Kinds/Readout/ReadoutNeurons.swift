import FixedPoint

/// The coefficients of a readout, [width].
struct ReadoutTables: BitwiseCopyable {
  /// al, 0...1
  let decay_q30: UnsafePointer<Int32>

  init(reading reader: inout TableReader) throws(ModelError) {
    decay_q30 = try reader.neuronTable(
      Int32.self, "decay", padding: "decay padding", in: 0...(1 << 30),
      busy: BusyValues(settled: 0, clamped: 1 << 30))
  }
}

/// The readout (docs/NEURONS.md): `u = al·u + (1 - al)·I`, non-spiking; (1 - al) is in the weights. What it makes is the
/// network's result, which no layer reads.
///
/// Twins: Sources/CKernels/{plain,avx2,dsp}.c, tools/silif_tools/kinds/readout.py, docs/ARITHMETIC.md, docs/NEURONS.md
struct ReadoutNeurons: BitwiseCopyable {
  let tables: ReadoutTables
  let width: Int
  /// Membrane potential u, |u| <= 2^30.
  let membrane_qF: UnsafeMutablePointer<Int32>

  init(_ tables: ReadoutTables, header: LayerHeader, arena: inout Arena) {
    self.tables = tables
    width = header.paddedOutputs
    membrane_qF = arena.reserve(Int32.self, width)
  }

  @_noAllocation @_noLocks
  func reset() {
    for index in 0..<width { membrane_qF[index] = 0 }
  }

  @_noAllocation @_noLocks
  func step(_ currents: Currents, saturation: SaturationCounter) {
    let (decay_q30, membrane_qF, sums, scale) = (tables.decay_q30, membrane_qF, currents.sums, currents.scale)
    for index in 0..<width {
      let current = alignedCurrent_qF30(sums[index], scale.mantissa[index], scale.shift[index], scale.bias_qF8[index])
      // At most 2^60 + 2^60.
      let sum = product(decay_q30[index], membrane_qF[index]) &+ current
      membrane_qF[index] = saturation.clamp(state: roundedShift(sum, rightBy: 30))
    }
  }
}
