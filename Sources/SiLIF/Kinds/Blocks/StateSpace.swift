import FixedPoint
import Kernels

/// The tables of a block's normalisation and state spaces. P is the padded width, Q the number of pairs.
///
/// Twins: tools/silif_tools/kinds/state_space.py, docs/MODEL-FORMAT.md, docs/ARITHMETIC.md
struct StateSpaceTables: BitwiseCopyable {
  /// [P] each: x = r · mantissa · 2^-shift + bias, the latter QF; of P-SpikeSSM a probability, Q16.
  let inputMantissa: UnsafePointer<Int32>
  let inputShift: UnsafePointer<UInt8>
  let inputBias: UnsafePointer<Int32>
  /// [P][Q][2]: Re A and Im A.
  let pairDecay_q30: UnsafePointer<Int32>
  /// [P][Q]: g.
  let pairGain_q30: UnsafePointer<Int32>
  /// [P][Q][2]: Re C and Im C, `outputShift` fractional bits.
  let pairOutput: UnsafePointer<Int16>
  /// [P]: 0...30
  let outputShift: UnsafePointer<UInt8>
  /// [P]: D, `outputShift` fractional bits.
  let skip: UnsafePointer<Int32>

  init(reading reader: inout TableReader) throws(ModelError) {
    // Settled, x and y are 1 unit; clamped, both are at their limits: in all channels alike, so that none is small beside the
    // others.
    func busy(_ settled: Int32, _ clamped: Int32) -> BusyValues { BusyValues(settled: settled, clamped: clamped) }
    let most = Int64(Int32.max)
    let one_q30: Int64 = 1 << 30
    // The bound below leaves no pair a part of ±1.
    let decay = 1 - one_q30...one_q30 - 1
    let pairs = reader.header.statePairs
    inputMantissa = try reader.neuronTable(
      Int32.self, "input_mantissa", padding: "input_mantissa padding", in: -most...most, busy: busy(0, 0))
    inputShift = try reader.neuronTable(UInt8.self, "input_shift", padding: "input_shift padding", in: 0...62)
    inputBias = try reader.neuronTable(
      Int32.self, "input_bias", padding: "input_bias padding", in: -most...most, busy: busy(1, .max))
    pairDecay_q30 = try reader.neuronTable(
      Int32.self, "pair_decay", padding: "pair_decay padding", in: decay, each: 2 * pairs)
    pairGain_q30 = try reader.neuronTable(
      Int32.self, "pair_gain", padding: "pair_gain padding", in: 0...one_q30, each: pairs)
    pairOutput = try reader.neuronTable(
      Int16.self, "pair_output", padding: "pair_output padding", in: -32_767...32_767, each: 2 * pairs, busy: busy(0, 0)
    )
    outputShift = try reader.neuronTable(
      UInt8.self, "output_shift", padding: "output_shift padding", in: 0...30, busy: busy(0, 0))
    skip = try reader.neuronTable(Int32.self, "skip", padding: "skip padding", in: -most...most, busy: busy(1, .max))
    if reader.proves { try proveBounds(reader) }
  }

  /// Every |u| stays within 2^30 whatever comes in, so that the loop needs no clamp: |u| <= (g·X + 3/4) / (1 - |A|), where X
  /// is the largest |x| and 3/4 more than what two roundings make, and 1 - |A| >= (1 - |A|²) / 2.
  private func proveBounds(_ reader: TableReader) throws(ModelError) {
    let limit = StateSpace.inputLimit(reader.header)
    for pair in 0..<reader.header.outputs * reader.header.statePairs {
      let (real, imaginary) = (Int64(pairDecay_q30[2 * pair]), Int64(pairDecay_q30[2 * pair + 1]))
      // Each term is at most 2^60 and 2^61: both differences are within ±2^62.
      let room = (1 << 60) - real * real - imaginary * imaginary
      let needed = 2 * Int64(pairGain_q30[pair]) * limit + 3 << 29
      try reader.prove(room - needed, in: 0...Int64.max, "pair_decay and pair_gain")
    }
  }
}

/// The diagonal state spaces of a block (S4D), behind the normalisation of the stream (docs/NEURONS.md):
///
///     x = input_gain·r + input_bias
///     u_n = A_n·u_n + g_n·x               complex, one for each pair n of a channel
///     y = Re Σ_n C_n·u_n + D·x            with the new u
///
/// Twins: tools/silif_tools/kinds/state_space.py, docs/ARITHMETIC.md, docs/NEURONS.md
struct StateSpace: BitwiseCopyable {
  let tables: StateSpaceTables
  /// Channels, their padding included.
  let width: Int
  /// Q
  let pairs: Int
  /// Largest |x|, to which it is saturated, F fractional bits.
  let limit: Int64
  /// [width][pairs][2]: Re u and Im u, |u| <= 2^30 by proof.
  let states_qF: UnsafeMutablePointer<Int32>

  init(_ tables: StateSpaceTables, header: LayerHeader, arena: inout Arena) {
    self.tables = tables
    (width, pairs) = (header.paddedOutputs, header.statePairs)
    limit = StateSpace.inputLimit(header)
    states_qF = arena.reserve(Int32.self, 2 * width * pairs)
  }

  /// 256, or what 30 bits leave of it; of spikes 1.
  static func inputLimit(_ header: LayerHeader) -> Int64 {
    let bits = header.stateFractionBits
    return 1 << Int64(header.kind.samples ? bits : min(bits + 8, 30))
  }

  @_noAllocation @_noLocks
  func reset() {
    for index in 0..<2 &* width &* pairs { states_qF[index] = 0 }
  }

  /// x of all channels of a stream, F fractional bits: `values_qF` [width] receive it.
  @_noAllocation @_noLocks
  @inline(never)
  func normalise(_ stream: Stream, into values_qF: UnsafeMutablePointer<Int32>, saturation: SaturationCounter) {
    let from_qF = stream.values_qF
    // Not over a range, whose check would be a trap in the loop.
    var channel = 0
    while channel < width {
      values_qF[channel] = normalised(from_qF[channel], channel: channel, saturation: saturation)
      channel &+= 1
    }
  }

  /// x of a channel, F fractional bits; `value_qF` is r, |r| <= 2^30.
  @_noAllocation @_noLocks
  @inline(__always)
  func normalised(_ value_qF: Int32, channel: Int, saturation: SaturationCounter) -> Int32 {
    // |r·mantissa| < 2^61.
    let scaled = roundedShift(
      product(value_qF, tables.inputMantissa[channel]), rightByVariable: tables.inputShift[channel])
    return Int32(truncatingIfNeeded: saturation.clamp(scaled &+ wide(tables.inputBias[channel]), limit: limit))
  }

  /// One step of all channels: `values_qF` [width] hold x, |x| <= `limit`, and receive y, |y| <= 2^30.
  @_noAllocation @_noLocks
  @inline(never)
  func step(_ values_qF: UnsafeMutablePointer<Int32>, kernels: KernelSet, saturation: SaturationCounter) {
    #if canImport(CKernels)
      if kernels.isC { return step(values_qF, kernels: kernels.inC, saturation: saturation) }
    #endif
    var channel = 0
    while channel < width {
      values_qF[channel] = step(channel: channel, values_qF[channel], saturation: saturation)
      channel &+= 1
    }
  }

  /// One step of a channel's states on x, |x| <= `limit`.
  ///
  /// - Returns: y, F fractional bits, |y| <= 2^30.
  @_noAllocation @_noLocks
  @inline(__always)
  func step(channel: Int, _ x_qF: Int32, saturation: SaturationCounter) -> Int32 {
    let first = channel &* pairs
    let (decay_q30, gain_q30) = (tables.pairDecay_q30 + 2 &* first, tables.pairGain_q30 + first)
    let (output, states_qF) = (tables.pairOutput + 2 &* first, states_qF + 2 &* first)
    // Each pair adds at most 2^46, at most 64 of them 2^52; |D·x| < 2^61.
    var sum = product(tables.skip[channel], x_qF)
    // Not over a range, whose check would be a trap in the loop over channels.
    var pair = 0
    while pair < pairs {
      let (real, imaginary) = (states_qF[2 &* pair], states_qF[2 &* pair &+ 1])
      let (decayReal, decayImaginary) = (decay_q30[2 &* pair], decay_q30[2 &* pair &+ 1])
      let rotated = rotated_qF30(decayReal, decayImaginary, real, imaginary)
      // Two products of at most 2^60 each, and one more.
      let newReal = roundedShiftToInt32(rotated.real &+ product(gain_q30[pair], x_qF), rightBy: 30)
      let newImaginary = roundedShiftToInt32(rotated.imaginary, rightBy: 30)
      states_qF[2 &* pair] = newReal
      states_qF[2 &* pair &+ 1] = newImaginary
      sum &+= product(Int32(output[2 &* pair]), newReal) &- product(Int32(output[2 &* pair &+ 1]), newImaginary)
      pair &+= 1
    }
    let y = roundedShift(sum, rightBy: Int64(tables.outputShift[channel]))
    return saturation.clamp(state: y)
  }
}
