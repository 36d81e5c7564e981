import FixedPoint
import Kernels

/// The tables of an S4D-GLU block.
struct GLUTables: BitwiseCopyable {
  let space: StateSpaceTables
  /// [width] each: a channel fires where sign · y > threshold. ±(2^30 - 1), so that the difference fits Int32.
  let threshold_qF: UnsafePointer<Int32>
  /// -1, 0 or 1
  let sign: UnsafePointer<Int8>

  init(reading reader: inout TableReader) throws(ModelError) {
    space = try StateSpaceTables(reading: &reader)
    let most = StateLimit.state - 1
    threshold_qF = try reader.neuronTable(
      Int32.self, "threshold", padding: "threshold padding", in: -most...most,
      busy: BusyValues(settled: -1, clamped: -1))
    sign = try reader.neuronTable(
      Int8.self, "sign", padding: "sign padding", in: -1...1, busy: BusyValues(settled: 0, clamped: 0))
  }
}

/// Binary S4D with GLU mixing (arXiv 2401.00955; docs/NEURONS.md):
///
///     s = sign·y > threshold          y of the state space
///     n, m = W·s + b
///     r = r + n·σ(m)
///
/// Twins: Sources/CKernels/mixing_body.h, tools/silif_tools/kinds/s4d_glu.py, docs/ARITHMETIC.md, docs/NEURONS.md
struct GLUBlock: BitwiseCopyable {
  let space: StateSpace
  let tables: GLUTables
  let input: Stream
  let output: Stream
  /// s, which the weights read.
  let spikes: Spikes

  /// - Parameters:
  ///   - input: the stream that it reads.
  ///   - output: the stream that it writes, as wide.
  init(
    _ tables: GLUTables, header: LayerHeader, input: Stream, output: Stream, spikes: Spikes, arena: inout Arena
  ) {
    self.tables = tables
    (self.input, self.output, self.spikes) = (input, output, spikes)
    space = StateSpace(tables.space, header: header, arena: &arena)
  }

  @_noAllocation @_noLocks
  func reset() {
    space.reset()
    output.reset()
  }

  /// The stream, normalised, for the state spaces.
  @_noAllocation @_noLocks
  @inline(__always)
  func take(saturation: SaturationCounter) {
    // What it writes is written at the end: until then there is room for x, and for y.
    space.normalise(input, into: output.values_qF, saturation: saturation)
  }

  /// What the state spaces made becomes spikes.
  @_noAllocation @_noLocks
  @inline(never)
  func fire() {
    let (width, flags, values_qF) = (space.width, spikes.flags, output.values_qF)
    let (threshold_qF, sign) = (tables.threshold_qF, tables.sign)
    // Not over a range, whose check would be a trap in the loop.
    var channel = 0
    while channel < width {
      flags[channel] = exceeds(Int32(sign[channel]) &* values_qF[channel], threshold_qF[channel])
      channel &+= 1
    }
    list()
  }

  /// Lists who fired. Apart, so that what its loop checks first is no trap behind the loop of `fire`.
  @_noAllocation @_noLocks
  @inline(never)
  private func list() { spikes.list() }

  /// What the weights made of the spikes is gated and added.
  ///
  /// - Parameter currents: of n, then of m, [width] each.
  @_noAllocation @_noLocks
  @inline(never)
  func mix(_ currents: Currents, saturation: SaturationCounter) {
    let (width, fractionBits) = (space.width, input.fractionBits)
    let (from_qF, to_qF, sums, scale) = (input.values_qF, output.values_qF, currents.sums, currents.scale)
    for index in 0..<width {
      let gate = width &+ index
      let n_qF = current_qF(
        sums[index], scale.mantissa[index], scale.shift[index], scale.bias_qF8[index], saturation: saturation)
      let m_qF8 = current_qF8(sums[gate], scale.mantissa[gate], scale.shift[gate], scale.bias_qF8[gate])
      // At most 2^45.
      let added_qF = roundedShift(
        product(n_qF, sigmoid_q15(q16(m_qF8, fractionBits: fractionBits &+ 8))), rightBy: 15)
      to_qF[index] = saturation.clamp(state: wide(from_qF[index]) &+ added_qF)
    }
  }
}
