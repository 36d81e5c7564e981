import FixedPoint
import Kernels

/// A layer's inputs on their way to its neurons, whatever their kind: delays and weights make sums, which scale and bias make
/// currents.
///
/// Twins: tools/silif_tools/kinds/connection.py, docs/NEURONS.md
struct Connection {
  /// The currents that the inputs of this step, and delayed ones of earlier steps, make. They hold until the next layer steps.
  let currents: Currents
  /// What the layer reads. Switched over where it lies: Swift 6.0.3 crashes where a step function copies such an enum.
  let input: Edge
  private let tables: ConnectionTables
  private let delay: Delay
  private let scratch: Scratch
  private let lastSlot: Int
  /// This step modulo the ring's length; stays 0 without delays.
  private var slot = 0

  private enum Delay {
    case none
    case frames(FrameRing)
    case spikes(SpikeRing)
    case dendritic(SumRing)
    case synaptic(SumRing)
    #if !SILIF_WITHOUT_BLOCKS
      /// Any of these, and the layer's own spikes beside it.
      case recurrent(UnsafeMutablePointer<OwnSpikes>)
    #endif
  }

  init(_ tables: ConnectionTables, input: Edge, header: LayerHeader, scratch: Scratch, arena: inout Arena) {
    self.tables = tables
    self.input = input
    self.scratch = scratch
    // What a layer's weights read is what it reads, but in blocks.
    let source = header.weightedSource
    currents = Currents(sums: UnsafePointer(scratch.sums), scale: tables.scale)
    lastSlot = header.maximumDelay
    let start = arena.usedBytes
    switch (header.delayKind, source) {
    case (.none, _), (.axonal, .stream):
      // The reader takes no delays behind a stream.
      delay = .none
    case (.axonal, .frames):
      delay = .frames(FrameRing(inputs: header.inputs, maximumDelay: lastSlot, arena: &arena))
    case (.axonal, .spikes):
      delay = .spikes(SpikeRing(inputs: header.inputs, maximumDelay: lastSlot, arena: &arena))
    case (.dendritic, _):
      delay = .dendritic(SumRing(width: header.paddedOutputs, maximumDelay: lastSlot, arena: &arena))
    case (.synaptic, _):
      delay = .synaptic(SumRing(width: header.paddedOutputs, maximumDelay: lastSlot, arena: &arena))
    }
    arena.countRing(since: start)
  }

  #if !SILIF_WITHOUT_BLOCKS
    /// A connection that takes in the layer's own spikes beside what `input` does.
    init(_ input: Connection, own: OwnSpikes, biases_qF8: UnsafePointer<Int32>, arena: inout Arena) {
      tables = input.tables
      self.input = input.input
      scratch = input.scratch
      currents = Currents(
        sums: input.currents.sums, scale: Scale(input.currents.scale, bias_qF8: biases_qF8))
      lastSlot = 0
      delay = .recurrent(UnsafeMutablePointer(mutating: arena.place(own)))
    }
  #endif

  @_noAllocation @_noLocks
  mutating func reset() {
    switch delay {
    case .none: break
    case .frames(let ring): ring.reset()
    case .spikes(let ring): ring.reset()
    case .dendritic(let ring), .synaptic(let ring): ring.reset()
    #if !SILIF_WITHOUT_BLOCKS
      case .recurrent(let own): own.pointee.reset()
    #endif
    }
    slot = 0
  }

  /// The inner loops that it, and the neurons behind it, compute with.
  var kernels: KernelSet { @_noAllocation @_noLocks get { scratch.kernels } }

  /// Takes in this step's inputs; `currents` follow.
  ///
  /// Only the way without delays is inlined into the layer's step: with the other ways in it, the loops of all of them are
  /// compiled worse, and each step copies the connection.
  ///
  /// - Returns: how many inputs brought something.
  @_noAllocation @_noLocks
  @inline(__always)
  mutating func receive() -> Int {
    switch input {
    case .frames(let frames):
      guard case .none = delay else { return delayAndAccumulate(frames) }
      accumulate(frames.values)
      return frames.activeCount.pointee
    case .spikes(let spikes):
      guard case .none = delay else { return delayAndAccumulate(spikes) }
      let count = spikes.count.pointee
      accumulate(spikes.active, count)
      return count
    case .stream(let stream): return accumulate(stream)
    }
  }

  /// - Returns: how many values arrived.
  @_noAllocation @_noLocks
  @inline(never)
  private mutating func delayAndAccumulate(_ frames: Frames) -> Int {
    let sums = scratch.sums
    switch delay {
    case .frames(let ring):
      ring.exchange(frame: frames.values, slot: slot, delays: delays, delayed: scratch.delayed)
      accumulate(scratch.delayed)
    case .dendritic(let ring):
      accumulate(frames.values)
      ring.deposit(sums: sums, slot: slot, delays: delays)
      ring.collect(slot: slot, into: sums)
    case .synaptic(let ring):
      SynapticInput.scatter(frame: frames.values, weights: tables.weights, delays: delays, slot: slot, ring: ring)
      ring.collect(slot: slot, into: sums)
      ring.clear(slot: slot)
    #if !SILIF_WITHOUT_BLOCKS
      case .recurrent(let own): return own.pointee.receive()
    #endif
    case .none, .spikes: break  // Never here.
    }
    advance()
    return frames.activeCount.pointee
  }

  /// - Returns: how many spikes arrived.
  @_noAllocation @_noLocks
  @inline(never)
  private mutating func delayAndAccumulate(_ spikes: Spikes) -> Int {
    let sums = scratch.sums
    var count = spikes.count.pointee
    switch delay {
    case .spikes(let ring):
      count = ring.exchange(
        active: spikes.active, count: count, slot: slot, delays: delays, arrived: scratch.arrived)
      accumulate(scratch.arrived, count)
    case .dendritic(let ring):
      accumulate(spikes.active, count)
      ring.deposit(sums: sums, slot: slot, delays: delays)
      ring.collect(slot: slot, into: sums)
    case .synaptic(let ring):
      SynapticInput.scatter(
        active: spikes.active, count: count, weights: tables.weights, delays: delays, slot: slot, ring: ring)
      ring.collect(slot: slot, into: sums)
      ring.clear(slot: slot)
    #if !SILIF_WITHOUT_BLOCKS
      case .recurrent(let own): return own.pointee.receive()
    #endif
    case .none, .frames: break  // Never here.
    }
    advance()
    return count
  }

  /// - Returns: how many values arrived: all.
  @_noAllocation @_noLocks
  @inline(never)
  private mutating func accumulate(_ stream: Stream) -> Int {
    let (values, from_qF) = (scratch.delayed, stream.values_qF)
    let shift = Int32(truncatingIfNeeded: stream.fractionBits &- Stream.readFractionBits)
    let limit = Int32(truncatingIfNeeded: Stream.readLimit)
    let inputs = tables.weights.inputs
    for index in 0..<inputs {
      let value = roundedShift(from_qF[index], rightBy: shift)
      values[index] = Int16(truncatingIfNeeded: value > limit ? limit : value < 0 &- limit ? 0 &- limit : value)
    }
    accumulate(values)
    return inputs
  }

  @_noAllocation @_noLocks
  @inline(__always)
  private mutating func advance() { slot = slot == lastSlot ? 0 : slot &+ 1 }

  @inline(__always)
  private mutating func accumulate(_ frame: UnsafePointer<Int16>) {
    #if canImport(CKernels)
      if scratch.kernels.isC {
        let kernels = scratch.kernels.inC
        DenseInput.accumulate(
          kernels: kernels, frame: frame, weights: tables.weights, nonZero: scratch.nonZero, into: scratch.sums)
        return
      }
    #endif
    DenseInput.accumulate(
      frame: frame, weights: tables.weights, nonZero: scratch.nonZero, values: scratch.nonZeroValues,
      into: scratch.sums)
  }

  @inline(__always)
  private mutating func accumulate(_ active: UnsafePointer<UInt16>, _ count: Int) {
    #if canImport(CKernels)
      if scratch.kernels.isC {
        let kernels = scratch.kernels.inC
        SpikeInput.accumulate(
          kernels: kernels, active: active, count: count, weights: tables.weights, into: scratch.sums)
        return
      }
    #endif
    SpikeInput.accumulate(
      active: active, count: count, weights: tables.weights, tile: scratch.tile, into: scratch.sums)
  }

  /// Present wherever `delay` is not `.none`.
  @inline(__always)
  private var delays: UnsafePointer<UInt8> { tables.delays.unsafelyUnwrapped }
}

extension Connection {
  /// Memory that all connections of a network share, because a layer is done with it before the next one begins. Nothing in it
  /// outlives a step of the network.
  struct Scratch: BitwiseCopyable {
    let kernels: KernelSet
    /// Sums of the layer that is stepping, [width].
    let sums: UnsafeMutablePointer<Int32>
    /// For SpikeInput, [width].
    let tile: UnsafeMutablePointer<Int16>
    /// For DenseInput, [inputs] each.
    let nonZero: UnsafeMutablePointer<UInt16>
    let nonZeroValues: UnsafeMutablePointer<Int16>
    /// Behind axonal delays: the neurons whose spikes arrive now, or the delayed frame, [inputs]. The latter holds what a
    /// stream brings too.
    let arrived: UnsafeMutablePointer<UInt16>
    let delayed: UnsafeMutablePointer<Int16>

    init(_ sizes: Sizes, kernels: KernelSet, arena: inout Arena) {
      self.kernels = kernels
      sums = arena.reserve(Int32.self, sizes.sums)
      tile = arena.reserve(Int16.self, sizes.tile)
      nonZero = arena.reserve(UInt16.self, sizes.frame)
      nonZeroValues = arena.reserve(Int16.self, sizes.frame)
      arrived = arena.reserve(UInt16.self, sizes.arrived)
      delayed = arena.reserve(Int16.self, sizes.delayed)
    }

    /// Elements of each piece: the most that any of the layers needs.
    struct Sizes {
      private(set) var sums = 0
      private(set) var tile = 0
      private(set) var frame = 0
      private(set) var arrived = 0
      private(set) var delayed = 0

      mutating func include(_ layer: LayerHeader) {
        let delayedInputs = layer.delayKind == .axonal ? layer.inputs : 0
        sums = max(sums, layer.columns)
        switch layer.weightedSource {
        case .frames:
          frame = max(frame, layer.inputs)
          delayed = max(delayed, delayedInputs)
        case .spikes:
          tile = max(tile, layer.columns)
          arrived = max(arrived, delayedInputs)
        case .stream:
          frame = max(frame, layer.inputs)
          delayed = max(delayed, layer.inputs)
        }
      }
    }
  }
}
