import FixedPoint
import Kernels

/// The tables of an S4D-GSU block.
struct GSUTables: BitwiseCopyable {
  let space: StateSpaceTables
  /// [width], 0...32767: Q is the sign of a weight whose magnitude exceeds this, else 0.
  let ternaryThreshold: UnsafePointer<Int16>
  /// c, [width]
  let ternaryBias_qF: UnsafePointer<Int32>
  /// [width] each: v = m · n · mantissa · 2^-shift + bias, the latter QF.
  let productMantissa: UnsafePointer<Int32>
  let productShift: UnsafePointer<UInt8>
  let productBias_qF: UnsafePointer<Int32>

  init(reading reader: inout TableReader) throws(ModelError) {
    let most = Int64(Int32.max)
    space = try StateSpaceTables(reading: &reader)
    ternaryThreshold = try reader.neuronTable(
      Int16.self, "ternary_threshold", padding: "ternary_threshold padding", in: 0...32_767)
    ternaryBias_qF = try reader.neuronTable(
      Int32.self, "ternary_bias", padding: "ternary_bias padding", in: -most...most)
    productMantissa = try reader.neuronTable(
      Int32.self, "product_mantissa", padding: "product_mantissa padding", in: -most...most,
      busy: BusyValues(settled: 0, clamped: 0))
    productShift = try reader.neuronTable(UInt8.self, "product_shift", padding: "product_shift padding", in: 0...62)
    productBias_qF = try reader.neuronTable(
      Int32.self, "product_bias", padding: "product_bias padding", in: -most...most,
      busy: BusyValues(settled: 0, clamped: .max))
  }
}

/// S4D with gated spiking units (arXiv 2401.00955; docs/NEURONS.md), of which one matrix W serves both branches:
///
///     t = sign(y) where |y| > 0.15 · max |y|, else 0      y of the state space
///     m = W·t + b        n = Q·y + c                      Q = sign(W) where |W| is above its threshold, else 0
///     r = r + GELU(product_gain·m·n + product_bias)
///
/// Twins: Sources/CKernels/mixing_body.h, tools/silif_tools/kinds/s4d_gsu.py, docs/ARITHMETIC.md, docs/NEURONS.md
struct GSUBlock: BitwiseCopyable {
  let space: StateSpace
  let tables: GSUTables
  let weights: Weights
  let input: Stream
  let output: Stream
  /// t, which the weights read: -1, 0 or 1.
  let ternary: Frames
  /// [width]: 1 where t is not 0, and where it is negative.
  let flags: UnsafeMutablePointer<UInt8>
  let negatives: UnsafeMutablePointer<UInt8>
  /// Q·y, [width], |Q·y| <= 2^42.
  let sums_qF: UnsafeMutablePointer<Int64>

  /// - Parameters:
  ///   - weights: W, which the connection reads too.
  ///   - input: the stream that it reads.
  ///   - output: the stream that it writes, as wide.
  init(
    _ tables: GSUTables, header: LayerHeader, weights: Weights, input: Stream, output: Stream, ternary: Frames,
    arena: inout Arena
  ) {
    self.tables = tables
    (self.weights, self.input, self.output, self.ternary) = (weights, input, output, ternary)
    space = StateSpace(tables.space, header: header, arena: &arena)
    flags = arena.reserve(UInt8.self, header.paddedOutputs)
    negatives = arena.reserve(UInt8.self, header.paddedOutputs)
    sums_qF = arena.reserve(Int64.self, header.paddedOutputs)
  }

  @_noAllocation @_noLocks
  func reset() {
    space.reset()
    output.reset()
    for index in 0..<space.width { flags[index] = 0 }
    for index in 0..<space.width { negatives[index] = 0 }
  }

  /// The stream, normalised, for the state spaces.
  @_noAllocation @_noLocks
  @inline(__always)
  func take(saturation: SaturationCounter) {
    // What it writes is written at the end: until then there is room for x, and for y.
    space.normalise(input, into: output.values_qF, saturation: saturation)
  }

  /// What the state spaces made becomes ternary.
  @_noAllocation @_noLocks
  @inline(never)
  func fire() {
    let (width, values_qF, values) = (space.width, output.values_qF, ternary.values)
    let (flags, negatives) = (flags, negatives)
    var largest_qF: Int32 = 0
    // Not over ranges, whose checks would be traps in the loops.
    var channel = 0
    while channel < width {
      let y = values_qF[channel]
      let size = y < 0 ? 0 &- y : y
      largest_qF = size > largest_qF ? size : largest_qF
      channel &+= 1
    }
    // 0.15 in Q15; below 2^43.
    let threshold_qF = Int32(truncatingIfNeeded: roundedShift(product(largest_qF, 4915), rightBy: 15))
    var count = 0
    channel = 0
    while channel < width {
      let (above, below) = (exceeds(values_qF[channel], threshold_qF), exceeds(0 &- values_qF[channel], threshold_qF))
      values[channel] = Int16(above) &- Int16(below)
      flags[channel] = above | below
      negatives[channel] = below
      count &+= Int(above | below)
      channel &+= 1
    }
    ternary.activeCount.pointee = count
  }

  /// What both branches made is multiplied and added.
  @_noAllocation @_noLocks
  @inline(never)
  func mix(_ currents: Currents, kernels: KernelSet, saturation: SaturationCounter) {
    sumTernary(kernels: kernels)
    let (fractionBits, from_qF, to_qF) = (input.fractionBits, input.values_qF, output.values_qF)
    let (sums, scale, bits) = (currents.sums, currents.scale, Int64(truncatingIfNeeded: input.fractionBits))
    for index in 0..<space.width {
      let m_qF = current_qF(
        sums[index], scale.mantissa[index], scale.shift[index], scale.bias_qF8[index], saturation: saturation)
      let n_qF = saturation.clamp(state: sums_qF[index] &+ wide(tables.ternaryBias_qF[index]))
      // At most 2^60, and 2^61.
      let product_qF = saturation.clamp(state: roundedShift(product(m_qF, n_qF), rightBy: bits))
      let scaled = roundedShift(
        product(product_qF, tables.productMantissa[index]), rightByVariable: tables.productShift[index])
      let v_qF = saturation.clamp(state: scaled &+ wide(tables.productBias_qF[index]))
      to_qF[index] = saturation.clamp(state: wide(from_qF[index]) &+ wide(gelu(v_qF, fractionBits: fractionBits)))
    }
  }

  /// Q·y of the y that stand in the stream's place. Three times, for the weight widths: a generic call is not proven free of
  /// locks.
  @_noAllocation @_noLocks
  @inline(never)
  private func sumTernary(kernels: KernelSet) {
    #if canImport(CKernels)
      if kernels.isC { return sumTernary(kernels: kernels.inC) }
    #endif
    let (width, sums_qF, thresholds, values_qF) = (weights.width, sums_qF, tables.ternaryThreshold, output.values_qF)
    var output = 0
    while output < width {
      sums_qF[output] = 0
      output &+= 1
    }
    var input = 0
    while input < weights.inputs {
      let y_qF = wide(values_qF[input])
      output = 0
      if weights.bits == 8 {
        let row = weights.rows.assumingMemoryBound(to: Int8.self) + input &* width
        while output < width {
          sums_qF[output] &+= ternary(Int32(row[output]), thresholds[output], y_qF)
          output &+= 1
        }
      } else if weights.bits == 4 {
        let row = NibbleRow(input, of: weights)
        while output < row.half {
          let other = row.half &+ output
          sums_qF[output] &+= ternary(Int32(NibbleRow.low(row.bytes[output])), thresholds[output], y_qF)
          sums_qF[other] &+= ternary(Int32(NibbleRow.high(row.bytes[output])), thresholds[other], y_qF)
          output &+= 1
        }
      } else {
        let row = weights.rows.assumingMemoryBound(to: Int16.self) + input &* width
        while output < width {
          sums_qF[output] &+= ternary(Int32(row[output]), thresholds[output], y_qF)
          output &+= 1
        }
      }
      input &+= 1
    }
  }

  /// The value with the sign of a weight whose magnitude exceeds its threshold, else 0.
  @_noAllocation @_noLocks
  @inline(__always)
  private func ternary(_ weight: Int32, _ threshold: Int16, _ value: Int64) -> Int64 {
    let least = Int32(threshold)
    return weight > least ? value : weight < 0 &- least ? 0 &- value : 0
  }
}
