/// One layer: what it reads, the connection through which it reads it, and its neurons, in the network's block of memory.
struct Layer {
  /// Its neurons, without their padding.
  var outputs: Int { Int(neuronCount) }
  /// The edge that its weights read: the network's input, what the layer below writes, or in a block its own spikes.
  var input: Edge { @_noAllocation @_noLocks get { connection.input } }
  // Both in 32 bits: every layer of every network pays for them.
  private let neuronCount: Int32
  /// What a value that arrives is added to: its neurons, times their branches.
  private let reached: Int32
  private var connection: Connection
  private(set) var neurons: Neurons
  private let saturation: SaturationCounter

  /// - Parameters:
  ///   - input: the edge that the header's source names.
  ///   - output: the edge that the kind writes; nil where it writes none.
  ///   - own: of a block the edge that its weights read; nil for the others.
  ///   - drawing: where it stands and by what clock it draws, if it samples.
  init(
    _ parameters: LayerParameters, input: Edge, output: Edge?, own: Edge?, drawing: Drawing,
    scratch: Connection.Scratch, ownScratch: OwnSpikes.Scratch, saturation: SaturationCounter, arena: inout Arena
  ) {
    let header = parameters.header
    neuronCount = Int32(header.outputs)
    reached = Int32(header.outputs * header.kind.branches)
    connection = Connection(
      parameters.connection, input: own ?? input, header: header, scratch: scratch, arena: &arena)
    #if !SILIF_WITHOUT_BLOCKS
      if let recurrent = parameters.recurrent {
        let own = OwnSpikes(recurrent, input: connection, spikes: Spikes(output), scratch: ownScratch)
        connection = Connection(connection, own: own, biases_qF8: ownScratch.bias_qF8, arena: &arena)
      }
    #endif
    neurons = Neurons(
      parameters.neurons, header: header, input: input, output: output, own: own,
      weights: parameters.connection.weights,
      drawing: drawing, arena: &arena)
    self.saturation = saturation
  }

  @_noAllocation @_noLocks
  @inline(never)
  mutating func reset() {
    connection.reset()
    neurons.reset()
  }

  /// One step.
  ///
  /// - Returns: synaptic operations: inputs that arrived times neurons.
  @_noAllocation @_noLocks
  @inline(never)
  mutating func step() -> Int {
    neurons.read(kernels: connection.kernels, saturation: saturation)
    return mix()
  }

  /// A part of a block's step.
  ///
  /// - Returns: as `step`, from the part that has the weights.
  @_noAllocation @_noLocks
  @inline(never)
  mutating func step(_ part: BlockPart) -> Int {
    switch part {
    case .mix: return mix()
    case .take, .turn, .fire:
      neurons.read(part, kernels: connection.kernels, saturation: saturation)
      return 0
    }
  }

  @_noAllocation @_noLocks
  @inline(__always)
  private mutating func mix() -> Int {
    let arrived = connection.receive()
    neurons.step(connection.currents, kernels: connection.kernels, saturation: saturation)
    return arrived &* Int(truncatingIfNeeded: reached)
  }
}
