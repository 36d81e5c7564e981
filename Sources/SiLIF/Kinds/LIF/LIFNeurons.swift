import FixedPoint

/// The coefficients of LIF neurons, [width].
struct LIFTables: BitwiseCopyable {
  /// al, 0...1
  let decay_q30: UnsafePointer<Int32>

  init(reading reader: inout TableReader) throws(ModelError) {
    // The reset is taken from the current too: with three quarters of u kept, u settles at 2.
    decay_q30 = try reader.neuronTable(
      Int32.self, "decay", padding: "decay padding", in: 0...(1 << 30),
      busy: BusyValues(settled: 3 << 28, clamped: 1 << 30))
  }
}

/// The leaky integrate-and-fire neuron whose reset does not decay (docs/NEURONS.md), snnTorch's Leaky:
///
///     u = al·u + I - s
///     s = u > 1
///
/// The LIF of the paper takes the spike before the decay, al·(u - s): that is SiLIF without adaptation.
///
/// Twins: Sources/CKernels/{plain,avx2,dsp}.c, tools/silif_tools/kinds/lif.py, docs/ARITHMETIC.md, docs/NEURONS.md
struct LIFNeurons: BitwiseCopyable {
  let tables: LIFTables
  let width: Int
  let stateFractionBits: Int
  /// Membrane potential u, |u| <= 2^30.
  let membrane_qF: UnsafeMutablePointer<Int32>
  /// s.
  let spikes: Spikes

  init(_ tables: LIFTables, header: LayerHeader, spikes: Spikes, arena: inout Arena) {
    self.tables = tables
    self.spikes = spikes
    width = header.paddedOutputs
    stateFractionBits = header.stateFractionBits
    membrane_qF = arena.reserve(Int32.self, width)
  }

  @_noAllocation @_noLocks
  func reset() {
    for index in 0..<width { membrane_qF[index] = 0 }
  }

  /// One step; `spikes` hold s of the step before and receive the new one.
  @_noAllocation @_noLocks
  func step(_ currents: Currents, saturation: SaturationCounter) {
    let one_qF = Int32(1) &<< Int32(truncatingIfNeeded: stateFractionBits)
    let (decay_q30, membrane_qF, flags) = (tables.decay_q30, membrane_qF, spikes.flags)
    let (sums, scale) = (currents.sums, currents.scale)
    for index in 0..<width {
      let current = alignedCurrent_qF30(sums[index], scale.mantissa[index], scale.shift[index], scale.bias_qF8[index])
      // At most 2^60 + 2^60 + 2^54: below 2^62.
      let reset = wide(Int32(flags[index]) &* one_qF) &<< 30
      let sum = product(decay_q30[index], membrane_qF[index]) &+ current &- reset
      let newU = saturation.clamp(state: roundedShift(sum, rightBy: 30))
      membrane_qF[index] = newU
      flags[index] = exceeds(newU, one_qF)
    }
    spikes.list()
  }
}
