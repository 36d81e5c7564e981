/// One layer: what it reads, the connection through which it reads it, and its neurons, in the network's block of memory.
struct Layer {
  /// Its neurons, without their padding.
  let outputs: Int
  /// The edge that it reads: the network's input, or what the layer below writes.
  var input: Edge { @_noAllocation @_noLocks get { connection.input } }
  private var connection: Connection
  private(set) var neurons: Neurons
  private let saturation: SaturationCounter

  /// - Parameters:
  ///   - input: the edge that the header's source names.
  ///   - output: the edge that the kind writes; nil where it writes none.
  init(
    _ parameters: LayerParameters, input: Edge, output: Edge?, scratch: Connection.Scratch,
    saturation: SaturationCounter, arena: inout Arena
  ) {
    let header = parameters.header
    outputs = header.outputs
    connection = Connection(parameters.connection, input: input, header: header, scratch: scratch, arena: &arena)
    neurons = Neurons(parameters.neurons, header: header, output: output, arena: &arena)
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
    let arrived = connection.receive()
    neurons.step(connection.currents, kernels: connection.kernels, saturation: saturation)
    return arrived &* outputs
  }
}
