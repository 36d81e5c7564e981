import FixedPoint
import Kernels

/// The connection of a layer that reads its own spikes of the step before beside its input: what they bring is added to the
/// biases, with which the neurons then step as ever.
///
/// It lies in the arena: only the layers that have one pay for it.
///
/// Twins: tools/silif_tools/kinds/connection.py, docs/NEURONS.md, docs/ARITHMETIC.md
struct OwnSpikes {
  /// What takes the layer's input to sums, delayed or not.
  private(set) var input: Connection
  private let tables: RecurrentTables
  /// Their flags are the last step's until the neurons step.
  private let spikes: Spikes
  private let bias_qF8: UnsafePointer<Int32>
  private let scratch: Scratch

  init(_ tables: RecurrentTables, input: Connection, spikes: Spikes, scratch: Scratch) {
    self.tables = tables
    self.input = input
    self.spikes = spikes
    self.scratch = scratch
    bias_qF8 = input.currents.scale.bias_qF8
  }

  @_noAllocation @_noLocks
  mutating func reset() { input.reset() }

  /// Takes in this step's inputs, and the layer's spikes of the step before; `scratch.bias_qF8` receives what the latter bring.
  ///
  /// - Returns: how many arrived of both.
  @_noAllocation @_noLocks
  @inline(never)
  mutating func receive() -> Int {
    let arrived = input.receive()
    // Not where `Spikes.list` puts them: the shared list holds what the layer reads.
    let count = spikes.list(into: scratch.listed)
    accumulate(count)
    let (sums, bias_qF8, to_qF8) = (scratch.sums, bias_qF8, scratch.bias_qF8)
    let (mantissa, shift) = (tables.mantissa, tables.shift)
    for index in 0..<tables.weights.width {
      // The reader proved that it fits.
      let own = roundedShift(product(sums[index], mantissa[index]), rightByVariable: shift[index])
      to_qF8[index] = bias_qF8[index] &+ Int32(truncatingIfNeeded: own)
    }
    return arrived &+ count
  }

  @_noAllocation @_noLocks
  @inline(__always)
  private func accumulate(_ count: Int) {
    #if canImport(CKernels)
      if input.kernels.isC {
        let kernels = input.kernels.inC
        SpikeInput.accumulate(
          kernels: kernels, active: scratch.listed, count: count, weights: tables.weights, into: scratch.sums)
        return
      }
    #endif
    SpikeInput.accumulate(
      active: scratch.listed, count: count, weights: tables.weights, tile: scratch.tile, into: scratch.sums)
  }
}

extension OwnSpikes {
  /// Memory that all such connections of a network share, as they share `Connection.Scratch`; [width] each.
  struct Scratch: BitwiseCopyable {
    let listed: UnsafeMutablePointer<UInt16>
    /// For SpikeInput.
    let tile: UnsafeMutablePointer<Int16>
    let sums: UnsafeMutablePointer<Int32>
    let bias_qF8: UnsafeMutablePointer<Int32>

    /// - Parameter width: the most that any of the layers needs; 0 where none has one.
    init(width: Int, arena: inout Arena) {
      listed = arena.reserve(UInt16.self, width)
      tile = arena.reserve(Int16.self, width)
      sums = arena.reserve(Int32.self, width)
      bias_qF8 = arena.reserve(Int32.self, width)
    }
  }
}
