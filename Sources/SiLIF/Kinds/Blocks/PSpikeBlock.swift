import FixedPoint
import Kernels

/// The tables of a P-SpikeSSM block.
struct PSpikeTables: BitwiseCopyable {
  /// Its `inputBias` has 16 fractional bits here: what it makes is a probability.
  let space: StateSpaceTables
  /// [width] each: p = GELU(y) · mantissa · 2^-shift + bias, 16 fractional bits.
  let spikeMantissa: UnsafePointer<Int32>
  let spikeShift: UnsafePointer<UInt8>
  let spikeBias_q16: UnsafePointer<Int32>

  init(reading reader: inout TableReader) throws(ModelError) {
    space = try StateSpaceTables(reading: &reader)
    let most = Int64(Int32.max)
    spikeMantissa = try reader.neuronTable(
      Int32.self, "spike_mantissa", padding: "spike_mantissa padding", in: -most...most,
      busy: BusyValues(settled: 0, clamped: 0))
    spikeShift = try reader.neuronTable(UInt8.self, "spike_shift", padding: "spike_shift padding", in: 0...62)
    spikeBias_q16 = try reader.neuronTable(
      Int32.self, "spike_bias", padding: "spike_bias padding", in: -most...most,
      busy: BusyValues(settled: .max, clamped: .max))
  }
}

/// P-SpikeSSM (arXiv 2406.02923; docs/NEURONS.md):
///
///     s1 ~ clamp(input_gain·r + input_bias)
///     s2 ~ clamp(spike_gain·GELU(y) + spike_bias)      y of the state space on s1
///     r = r + GELU(W·s2 + b)
///
/// Twins: Sources/CKernels/mixing_body.h, tools/silif_tools/kinds/pspike.py, docs/ARITHMETIC.md, docs/NEURONS.md
struct PSpikeBlock: BitwiseCopyable {
  let space: StateSpace
  let tables: PSpikeTables
  let input: Stream
  let output: Stream
  /// s1, [width].
  let taken: UnsafeMutablePointer<UInt8>
  /// s2, which the weights read.
  let spikes: Spikes
  /// Of feedback, what probabilities and spikes differ by so far: of s1, then of s2, [width] each, ±2^16. Else nothing.
  let errors_q16: UnsafeMutablePointer<Int32>
  var errorCount: Int { @_noAllocation @_noLocks get { feedsBack ? 2 &* space.width : 0 } }
  // Of the sampler, what a step asks: enums are not compared without a call.
  let feedsBack: Bool
  let shares: Bool
  let clock: UnsafeMutablePointer<SamplingClock>
  /// Of s1; that of s2 is the next.
  let site: UInt32

  /// - Parameters:
  ///   - input: the stream that it reads.
  ///   - output: the stream that it writes, as wide.
  init(
    _ tables: PSpikeTables, header: LayerHeader, input: Stream, output: Stream, spikes: Spikes, drawing: Drawing,
    arena: inout Arena
  ) {
    self.tables = tables
    clock = drawing.clock
    (self.input, self.output, self.spikes) = (input, output, spikes)
    site = UInt32(2 * drawing.index)
    space = StateSpace(tables.space, header: header, arena: &arena)
    (feedsBack, shares) = (drawing.sampler == .feedback, drawing.sampler == .shared)
    taken = arena.reserve(UInt8.self, header.paddedOutputs)
    errors_q16 = arena.reserve(Int32.self, feedsBack ? 2 * header.paddedOutputs : 0)
  }

  @_noAllocation @_noLocks
  func reset() {
    space.reset()
    output.reset()
    for index in 0..<space.width { taken[index] = 0 }
    for index in 0..<errorCount { errors_q16[index] = 0 }
  }

  /// The stream makes spikes, for the state spaces.
  @_noAllocation @_noLocks
  @inline(never)
  func take(kernels: KernelSet) {
    let (width, one_qF) = (space.width, Int32(1) &<< Int32(truncatingIfNeeded: input.fractionBits))
    // What it writes is written at the end: until then there is room for x, and for y.
    let values_qF = output.values_qF
    sample(input.values_qF, second: false, kernels: kernels)
    // Not over ranges, whose checks would be traps in the loops.
    var channel = 0
    while channel < width {
      values_qF[channel] = Int32(taken[channel]) &* one_qF
      channel &+= 1
    }
  }

  /// What the state spaces made becomes spikes.
  @_noAllocation @_noLocks
  @inline(never)
  func fire(kernels: KernelSet) {
    sample(output.values_qF, second: true, kernels: kernels)
    list()
  }

  /// Lists who fired. Apart, so that what its loop checks first is no trap behind the loop of `sample`.
  @_noAllocation @_noLocks
  @inline(never)
  private func list() { spikes.list() }

  /// Makes s1 of values with F fractional bits, or s2 of their GELU, [width].
  @_noAllocation @_noLocks
  @inline(never)
  private func sample(_ values_qF: UnsafePointer<Int32>, second: Bool, kernels: KernelSet) {
    #if canImport(CKernels)
      if kernels.isC { return sample(values_qF, second: second, kernels: kernels.inC) }
    #endif
    let mantissa = second ? tables.spikeMantissa : tables.space.inputMantissa
    let shift = second ? tables.spikeShift : tables.space.inputShift
    let bias_q16 = second ? tables.spikeBias_q16 : tables.space.inputBias
    let (flags, fractionBits) = (second ? spikes.flags : taken, input.fractionBits)
    let (seed, step) = (clock.pointee.seed, clock.pointee.step)
    var counter = PhiloxWords(
      first: UInt32(truncatingIfNeeded: step), second: UInt32(truncatingIfNeeded: step &>> 32),
      third: second ? site &+ 1 : site, fourth: 0)
    var words = counter
    var channel = 0
    while channel < space.width {
      let value_qF = second ? gelu(values_qF[channel], fractionBits: fractionBits) : values_qF[channel]
      let p_q16 = probability_q16(value_qF, mantissa[channel], shift[channel], bias_q16[channel])
      if feedsBack {
        flags[channel] = fedBack(p_q16, at: second ? space.width &+ channel : channel)
        channel &+= 1
        continue
      }
      if channel == 0 || !shares && channel & 7 == 0 {
        counter.fourth = UInt32(truncatingIfNeeded: channel &>> 3)
        words = Philox.words(counter, key: seed)
      }
      flags[channel] = exceeds(p_q16, words.draw(shares ? 0 : channel & 7))
      channel &+= 1
    }
  }

  /// 0...2^16, so that 1 is certain and 0 never; |value| <= 2^30.
  @_noAllocation @_noLocks
  @inline(__always)
  private func probability_q16(_ value_qF: Int32, _ mantissa: Int32, _ shift: UInt8, _ bias_q16: Int32) -> Int32 {
    // Below 2^61, and 2^31.
    let p = roundedShift(product(value_qF, mantissa), rightByVariable: shift) &+ wide(bias_q16)
    return p < 0 ? 0 : p > 0x1_0000 ? 0x1_0000 : Int32(truncatingIfNeeded: p)
  }

  /// 1 where the error, with this probability added, is a half or more; the spike is taken off it.
  @_noAllocation @_noLocks
  @inline(__always)
  private func fedBack(_ p_q16: Int32, at place: Int) -> UInt8 {
    let error = errors_q16[place] &+ p_q16
    let spike = exceeds(error, 0x7FFF)
    errors_q16[place] = error &- Int32(spike) &<< 16
    return spike
  }

  /// What the weights made of the spikes is added.
  @_noAllocation @_noLocks
  @inline(never)
  func mix(_ currents: Currents, saturation: SaturationCounter) {
    let (from_qF, to_qF, sums, scale) = (input.values_qF, output.values_qF, currents.sums, currents.scale)
    let fractionBits = input.fractionBits
    for index in 0..<space.width {
      let value_qF = current_qF(
        sums[index], scale.mantissa[index], scale.shift[index], scale.bias_qF8[index], saturation: saturation)
      to_qF[index] = saturation.clamp(state: wide(from_qF[index]) &+ wide(gelu(value_qF, fractionBits: fractionBits)))
    }
  }
}
