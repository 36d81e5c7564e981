/// One layer: its parameters, its state and its delay ring, all in the network's block of memory.
struct Layer {
  let parameters: LayerParameters
  private let sums: UnsafeMutablePointer<Int32>
  private let scratch: Scratch
  private let delay: Delay
  private let neurons: Neurons
  private let saturation: SaturationCounter
  /// Spikes of the last step: 1 where a neuron fired, [paddedOutputs].
  let spiked: UnsafeMutablePointer<UInt8>
  private(set) var activeCount = 0
  /// This step modulo the ring's length.
  private var slot = 0

  enum Delay {
    case none
    case frames(FrameRing)
    case spikes(SpikeRing)
    case dendritic(SumRing)
    case synaptic(SumRing)
  }

  enum Neurons {
    case siLIF(SiLIFNeurons)
    case cSiLIF(CSiLIFNeurons)
    case readout(ReadoutNeurons)
    case rf(RFNeurons)
  }

  /// Memory that all layers share, because a layer is done with it before the next one begins. Nothing in it outlives a
  /// step of the network.
  struct Scratch: BitwiseCopyable {
    let kernels: KernelLevel
    /// Sums of the layer that is stepping, [widest paddedOutputs].
    let sums: UnsafeMutablePointer<Int32>
    /// For SpikeInput, [widest paddedOutputs].
    let tile: UnsafeMutablePointer<Int16>
    /// For DenseInput, [inputCount] each: only the first layer is dense.
    let nonZero: UnsafeMutablePointer<UInt16>
    let nonZeroValues: UnsafeMutablePointer<Int16>
    /// Indices of the neurons that fired in the layer that stepped last, ascending, [widest paddedOutputs]. A layer has
    /// read those of the layer below before it writes its own.
    let active: UnsafeMutablePointer<UInt16>
    /// Behind axonal delays: the neurons whose spikes arrive now, [widest paddedOutputs], and the delayed frame,
    /// [inputCount]. Empty where no layer has such delays.
    let arrived: UnsafeMutablePointer<UInt16>
    let delayed: UnsafeMutablePointer<Int16>

    init(
      widest: Int, inputCount: Int, kernels: KernelLevel, delaysSpikes: Bool, delaysFrames: Bool, arena: inout Arena
    ) {
      self.kernels = kernels
      sums = arena.reserve(Int32.self, widest)
      tile = arena.reserve(Int16.self, widest)
      nonZero = arena.reserve(UInt16.self, inputCount)
      nonZeroValues = arena.reserve(Int16.self, inputCount)
      active = arena.reserve(UInt16.self, widest)
      arrived = arena.reserve(UInt16.self, delaysSpikes ? widest : 0)
      delayed = arena.reserve(Int16.self, delaysFrames ? inputCount : 0)
    }
  }

  init(parameters: LayerParameters, scratch: Scratch, saturation: SaturationCounter, arena: inout Arena) {
    self.parameters = parameters
    self.saturation = saturation
    let width = parameters.paddedOutputs
    sums = scratch.sums
    self.scratch = scratch
    let reach = parameters.maximumDelay
    let start = arena.usedBytes
    switch parameters.delayKind {
    case .none:
      delay = .none
    case .axonal where parameters.source == .dense:
      delay = .frames(FrameRing(inputs: parameters.inputs, maximumDelay: reach, arena: &arena))
    case .axonal:
      delay = .spikes(SpikeRing(inputs: parameters.inputs, maximumDelay: reach, arena: &arena))
    case .dendritic:
      delay = .dendritic(SumRing(width: width, maximumDelay: reach, arena: &arena))
    case .synaptic:
      delay = .synaptic(SumRing(width: width, maximumDelay: reach, arena: &arena))
    }
    arena.countRing(since: start)
    switch parameters.kind {
    case .siLIF: neurons = .siLIF(SiLIFNeurons(width: width, arena: &arena))
    case .cSiLIF: neurons = .cSiLIF(CSiLIFNeurons(width: width, arena: &arena))
    case .readout: neurons = .readout(ReadoutNeurons(width: width, arena: &arena))
    case .rf: neurons = .rf(RFNeurons(width: width, arena: &arena))
    }
    spiked = arena.reserve(UInt8.self, parameters.kind == .readout ? 0 : width)
  }

  /// Membrane potentials of a readout layer, nil for others.
  var readoutMembrane: UnsafePointer<Int32>? {
    @_noAllocation @_noLocks get {
      if case .readout(let readout) = neurons { return UnsafePointer(readout.membrane) }
      return nil
    }
  }

  @_noAllocation @_noLocks
  mutating func reset() {
    let width = parameters.paddedOutputs
    switch delay {
    case .none: break
    case .frames(let ring): ring.reset()
    case .spikes(let ring): ring.reset()
    case .dendritic(let ring), .synaptic(let ring): ring.reset()
    }
    switch neurons {
    case .siLIF(let neurons):
      neurons.reset(width)
      for index in 0..<width { spiked[index] = 0 }
    case .cSiLIF(let neurons):
      neurons.reset(width)
      for index in 0..<width { spiked[index] = 0 }
    case .rf(let neurons):
      neurons.reset(width)
      for index in 0..<width { spiked[index] = 0 }
    case .readout(let neurons):
      neurons.reset(width)
    }
    activeCount = 0
    slot = 0
  }

  /// One step on a real-valued frame.
  @_noAllocation @_noLocks
  mutating func step(frame: UnsafePointer<Int16>) {
    switch delay {
    case .none:
      accumulate(frame)
    case .frames(let ring):
      ring.exchange(frame: frame, slot: slot, delays: delays, delayed: scratch.delayed)
      accumulate(scratch.delayed)
    case .dendritic(let ring):
      accumulate(frame)
      ring.deposit(sums: sums, slot: slot, delays: delays)
      ring.collect(slot: slot, into: sums)
    case .synaptic(let ring):
      SynapticInput.scatter(frame: frame, parameters: parameters, delays: delays, slot: slot, ring: ring)
      ring.collect(slot: slot, into: sums)
      ring.clear(slot: slot)
    case .spikes: break  // Never built behind dense input.
    }
    stepNeurons()
  }

  @inline(__always)
  private func accumulate(_ frame: UnsafePointer<Int16>) {
    #if canImport(CKernels)
      if scratch.kernels.isC {
        DenseInput.accumulate(
          kernels: scratch.kernels, frame: frame, parameters: parameters, nonZero: scratch.nonZero, into: sums)
        return
      }
    #endif
    DenseInput.accumulate(
      frame: frame, parameters: parameters, nonZero: scratch.nonZero, values: scratch.nonZeroValues, into: sums)
  }

  /// One step on the spikes of the layer below. Returns the synaptic operations: spikes times fan-out.
  @_noAllocation @_noLocks
  mutating func step(active: UnsafePointer<UInt16>, count: Int) -> Int {
    var arrivedCount = count
    switch delay {
    case .none:
      accumulate(active, count)
    case .spikes(let ring):
      arrivedCount = ring.exchange(
        active: active, count: count, slot: slot, delays: delays, arrived: scratch.arrived)
      accumulate(scratch.arrived, arrivedCount)
    case .dendritic(let ring):
      accumulate(active, count)
      ring.deposit(sums: sums, slot: slot, delays: delays)
      ring.collect(slot: slot, into: sums)
    case .synaptic(let ring):
      SynapticInput.scatter(
        active: active, count: count, parameters: parameters, delays: delays, slot: slot, ring: ring)
      ring.collect(slot: slot, into: sums)
      ring.clear(slot: slot)
    case .frames: break  // Never built behind spikes.
    }
    stepNeurons()
    return arrivedCount &* parameters.outputs
  }

  @inline(__always)
  private func accumulate(_ active: UnsafePointer<UInt16>, _ count: Int) {
    #if canImport(CKernels)
      if scratch.kernels.isC {
        SpikeInput.accumulate(
          kernels: scratch.kernels, active: active, count: count, parameters: parameters, into: sums)
        return
      }
    #endif
    SpikeInput.accumulate(active: active, count: count, parameters: parameters, tile: scratch.tile, into: sums)
  }

  /// Present wherever `delay` is not `.none`: the model reader made sure.
  @inline(__always)
  private var delays: UnsafePointer<UInt8> { parameters.delays.unsafelyUnwrapped }

  @inline(__always)
  private mutating func stepNeurons() {
    // Without delays the ring has one slot, and this stays 0.
    slot = slot == parameters.maximumDelay ? 0 : slot &+ 1
    #if canImport(CKernels)
      if scratch.kernels.isC { return stepNeuronsInC() }
    #endif
    switch neurons {
    case .siLIF(let neurons):
      neurons.step(sums: sums, spiked: spiked, parameters: parameters, saturation: saturation)
      listActive()
    case .cSiLIF(let neurons):
      neurons.step(sums: sums, spiked: spiked, parameters: parameters, saturation: saturation)
      listActive()
    case .rf(let neurons):
      neurons.step(sums: sums, spiked: spiked, parameters: parameters, saturation: saturation)
      listActive()
    case .readout(let neurons):
      neurons.step(sums: sums, parameters: parameters, saturation: saturation)
    }
  }

  #if canImport(CKernels)
    @inline(__always)
    private mutating func stepNeuronsInC() {
      let kernels = scratch.kernels
      switch neurons {
      case .siLIF(let neurons):
        activeCount = neurons.step(
          kernels: kernels, sums: sums, spiked: spiked, active: scratch.active, parameters: parameters,
          saturation: saturation)
      case .cSiLIF(let neurons):
        activeCount = neurons.step(
          kernels: kernels, sums: sums, spiked: spiked, active: scratch.active, parameters: parameters,
          saturation: saturation)
      case .rf(let neurons):
        activeCount = neurons.step(
          kernels: kernels, sums: sums, spiked: spiked, active: scratch.active, parameters: parameters,
          saturation: saturation)
      case .readout(let neurons):
        neurons.step(kernels: kernels, sums: sums, parameters: parameters, saturation: saturation)
      }
    }
  #endif

  /// Without a branch on the data: every index is written, and kept only when its neuron fired. The write position
  /// never passes the index, so the list needs no extra room.
  @inline(__always)
  private mutating func listActive() {
    var count = 0
    for index in 0..<parameters.paddedOutputs {
      scratch.active[count] = UInt16(truncatingIfNeeded: index)
      count &+= Int(spiked[index])
    }
    activeCount = count
  }
}
