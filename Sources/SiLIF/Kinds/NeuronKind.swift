import Kernels

// The register of neuron kinds: the only file of the engine that knows which ones there are. A kind has a folder of its own
// with its tables, its state and step, and its call into C; here it has a line in each list (CONTRIBUTING.md).
//
// SILIF_WITHOUT_BLOCKS leaves out blocks and their encoder, CUBA-LIF, and with it layers that read their own spikes, as what is
// not known: for microcontrollers whose networks have none (BLOCKS=no of tools/scripts/build_library.sh).

/// The equations of a layer (docs/NEURONS.md). adLIF and cAdLIF are SiLIF once their decays are resolved.
public enum NeuronKind: UInt16, Sendable, BitwiseCopyable, CaseIterable {
  /// Leaky integrate and fire with an adaptation that is a state of its own.
  case siLIF = 1
  /// A complex state that decays and turns; reset by half, before the rotation.
  case cSiLIF = 2
  /// A leaky integrator that does not fire: one per class.
  case readout = 3
  /// Resonate and fire.
  case rf = 4
  #if !SILIF_WITHOUT_BLOCKS
    /// What takes the input to the stream that blocks add to.
    case encoder = 5
    /// A block: binary S4D with GLU mixing.
    case s4dGLU = 6
    /// A block: S4D with gated spiking units.
    case s4dGSU = 7
    /// A block: state spaces between two samplings of spikes.
    case pSpikeSSM = 8
  #endif
  /// Leaky integrate and fire, with a reset that does not decay.
  case lif = 9
  #if !SILIF_WITHOUT_BLOCKS
    /// Leaky integrate and fire behind a synapse, with a reset of any sort.
    case cuba = 10
  #endif

  /// As the papers call it.
  public var name: String {
    switch self {
    case .siLIF: "SiLIF"
    case .cSiLIF: "C-SiLIF"
    case .readout: "readout"
    case .rf: "RF"
    #if !SILIF_WITHOUT_BLOCKS
      case .encoder: "encoder"
      case .s4dGLU: "S4D-GLU"
      case .s4dGSU: "S4D-GSU"
      case .pSpikeSSM: "P-SpikeSSM"
    #endif
    case .lif: "LIF"
    #if !SILIF_WITHOUT_BLOCKS
      case .cuba: "CUBA-LIF"
    #endif
    }
  }

  /// What a layer of this kind writes for the next one to read; nil where its potentials are the network's result.
  public var output: EdgeKind? {
    switch self {
    case .siLIF, .cSiLIF, .rf, .lif: .spikes
    #if !SILIF_WITHOUT_BLOCKS
      case .cuba: .spikes
      case .encoder, .s4dGLU, .s4dGSU, .pSpikeSSM: .stream
    #endif
    case .readout: nil
    }
  }

  /// Whether it reads a stream and adds to it. Its weights then read spikes that it makes of the stream.
  public var isBlock: Bool {
    @_noAllocation @_noLocks @inline(__always) get {
      #if SILIF_WITHOUT_BLOCKS
        false
      #else
        self == .s4dGLU || self == .s4dGSU || self == .pSpikeSSM
      #endif
    }
  }

  /// Whether its spikes have a sign: its weights read -1, 0 or 1, as a frame of such values.
  public var isTernary: Bool {
    @_noAllocation @_noLocks @inline(__always) get {
      #if SILIF_WITHOUT_BLOCKS
        false
      #else
        self == .s4dGSU
      #endif
    }
  }

  /// Whether its neurons are channels with state spaces of complex pairs.
  public var hasStateSpaces: Bool { isBlock }

  /// Whether its spikes are drawn.
  public var samples: Bool {
    #if SILIF_WITHOUT_BLOCKS
      false
    #else
      self == .pSpikeSSM
    #endif
  }

  /// Whether its neurons fire, for the next layer or, in a block, for its own weights.
  public var fires: Bool { isBlock || output == .spikes }

  /// Columns of weights for each neuron.
  public var branches: Int {
    @_noAllocation @_noLocks @inline(__always) get {
      #if SILIF_WITHOUT_BLOCKS
        1
      #else
        self == .s4dGLU ? 2 : 1
      #endif
    }
  }
}

/// The tables of a kind's coefficients.
enum NeuronTables: BitwiseCopyable {
  case siLIF(SiLIFTables)
  case cSiLIF(ComplexDecay)
  case readout(ReadoutTables)
  case rf(ComplexDecay)
  #if !SILIF_WITHOUT_BLOCKS
    case encoder
    case s4dGLU(GLUTables)
    case s4dGSU(GSUTables)
    case pSpikeSSM(PSpikeTables)
  #endif
  case lif(LIFTables)
  #if !SILIF_WITHOUT_BLOCKS
    case cuba(CUBATables)
  #endif

  init(reading reader: inout TableReader) throws(ModelError) {
    switch reader.header.kind {
    case .siLIF: self = .siLIF(try SiLIFTables(reading: &reader))
    case .cSiLIF: self = .cSiLIF(try CSiLIFNeurons.decay(reading: &reader))
    case .readout: self = .readout(try ReadoutTables(reading: &reader))
    case .rf: self = .rf(try RFNeurons.decay(reading: &reader))
    #if !SILIF_WITHOUT_BLOCKS
      case .encoder: self = .encoder
      case .s4dGLU: self = .s4dGLU(try GLUTables(reading: &reader))
      case .s4dGSU: self = .s4dGSU(try GSUTables(reading: &reader))
      case .pSpikeSSM: self = .pSpikeSSM(try PSpikeTables(reading: &reader))
    #endif
    case .lif: self = .lif(try LIFTables(reading: &reader))
    #if !SILIF_WITHOUT_BLOCKS
      case .cuba: self = .cuba(try CUBATables(reading: &reader))
    #endif
    }
  }
}

/// The neurons of a layer: tables and state.
enum Neurons {
  case siLIF(SiLIFNeurons)
  case cSiLIF(CSiLIFNeurons)
  case readout(ReadoutNeurons)
  case rf(RFNeurons)
  #if !SILIF_WITHOUT_BLOCKS
    case encoder(EncoderNeurons)
    // Blocks lie in the arena: they are larger than the others, and every layer would pay for that.
    case s4dGLU(UnsafePointer<GLUBlock>)
    case s4dGSU(UnsafePointer<GSUBlock>)
    case pSpikeSSM(UnsafePointer<PSpikeBlock>)
  #endif
  case lif(LIFNeurons)
  #if !SILIF_WITHOUT_BLOCKS
    case cuba(CUBANeurons)
  #endif

  /// - Parameters:
  ///   - input: the edge that the layer reads.
  ///   - output: the edge that they write, of the sort that their kind tells; nil where it tells none.
  ///   - own: of a block the edge that its weights read.
  ///   - weights: of the connection, for those that read them in their own way.
  ///   - drawing: for those that sample.
  init(
    _ tables: NeuronTables, header: LayerHeader, input: Edge, output: Edge?, own: Edge?, weights: Weights,
    drawing: Drawing, arena: inout Arena
  ) {
    switch tables {
    case .siLIF(let tables):
      self = .siLIF(SiLIFNeurons(tables, header: header, spikes: Spikes(output), arena: &arena))
    case .cSiLIF(let decay):
      self = .cSiLIF(CSiLIFNeurons(decay, header: header, spikes: Spikes(output), arena: &arena))
    case .readout(let tables):
      self = .readout(ReadoutNeurons(tables, header: header, arena: &arena))
    case .rf(let decay):
      self = .rf(RFNeurons(decay, header: header, spikes: Spikes(output), arena: &arena))
    #if !SILIF_WITHOUT_BLOCKS
      case .encoder:
        self = .encoder(EncoderNeurons(stream: Stream(output)))
      case .s4dGLU(let tables):
        let block = GLUBlock(
          tables, header: header, input: Stream(input), output: Stream(output), spikes: Spikes(own), arena: &arena)
        self = .s4dGLU(arena.place(block))
      case .s4dGSU(let tables):
        let block = GSUBlock(
          tables, header: header, weights: weights, input: Stream(input), output: Stream(output), ternary: Frames(own),
          arena: &arena)
        self = .s4dGSU(arena.place(block))
      case .pSpikeSSM(let tables):
        let block = PSpikeBlock(
          tables, header: header, input: Stream(input), output: Stream(output), spikes: Spikes(own), drawing: drawing,
          arena: &arena)
        self = .pSpikeSSM(arena.place(block))
    #endif
    case .lif(let tables):
      self = .lif(LIFNeurons(tables, header: header, spikes: Spikes(output), arena: &arena))
    #if !SILIF_WITHOUT_BLOCKS
      case .cuba(let tables):
        self = .cuba(CUBANeurons(tables, header: header, spikes: Spikes(output), arena: &arena))
    #endif
    }
  }

  /// All states zero, and the stream that they write. Spikes are reset with the layer that reads them.
  ///
  /// Mutating, because Swift 6.0.3 crashes where a reset copies such an enum.
  @_noAllocation @_noLocks
  mutating func reset() {
    switch self {
    case .siLIF(let neurons): neurons.reset()
    case .cSiLIF(let neurons): neurons.state.reset()
    case .readout(let neurons): neurons.reset()
    case .rf(let neurons): neurons.state.reset()
    #if !SILIF_WITHOUT_BLOCKS
      case .encoder(let neurons): neurons.stream.reset()
      case .s4dGLU(let block): block.pointee.reset()
      case .s4dGSU(let block): block.pointee.reset()
      case .pSpikeSSM(let block): block.pointee.reset()
    #endif
    case .lif(let neurons): neurons.reset()
    #if !SILIF_WITHOUT_BLOCKS
      case .cuba(let neurons): neurons.reset()
    #endif
    }
  }

  /// What comes before the weights: blocks make spikes of the stream.
  @_noAllocation @_noLocks
  @inline(__always)
  func read(kernels: KernelSet, saturation: SaturationCounter) {
    switch self {
    #if !SILIF_WITHOUT_BLOCKS
      case .s4dGLU(let block):
        block.pointee.take(saturation: saturation)
        block.pointee.space.step(block.pointee.output.values_qF, kernels: kernels, saturation: saturation)
        block.pointee.fire()
      case .s4dGSU(let block):
        block.pointee.take(saturation: saturation)
        block.pointee.space.step(block.pointee.output.values_qF, kernels: kernels, saturation: saturation)
        block.pointee.fire()
      case .pSpikeSSM(let block):
        block.pointee.take(kernels: kernels)
        block.pointee.space.step(block.pointee.output.values_qF, kernels: kernels, saturation: saturation)
        block.pointee.fire(kernels: kernels)
    #endif
    default: break
    }
  }

  /// A part of `read`.
  @_noAllocation @_noLocks
  func read(_ part: BlockPart, kernels: KernelSet, saturation: SaturationCounter) {
    switch (self, part) {
    #if !SILIF_WITHOUT_BLOCKS
      case (.s4dGLU(let block), .take): block.pointee.take(saturation: saturation)
      case (.s4dGSU(let block), .take): block.pointee.take(saturation: saturation)
      case (.pSpikeSSM(let block), .take): block.pointee.take(kernels: kernels)
      case (.s4dGLU(let block), .turn):
        block.pointee.space.step(block.pointee.output.values_qF, kernels: kernels, saturation: saturation)
      case (.s4dGSU(let block), .turn):
        block.pointee.space.step(block.pointee.output.values_qF, kernels: kernels, saturation: saturation)
      case (.pSpikeSSM(let block), .turn):
        block.pointee.space.step(block.pointee.output.values_qF, kernels: kernels, saturation: saturation)
      case (.s4dGLU(let block), .fire): block.pointee.fire()
      case (.s4dGSU(let block), .fire): block.pointee.fire()
      case (.pSpikeSSM(let block), .fire): block.pointee.fire(kernels: kernels)
    #endif
    default: break
    }
  }

  /// One step on complete currents.
  @_noAllocation @_noLocks
  @inline(__always)
  func step(_ currents: Currents, kernels set: KernelSet, saturation: SaturationCounter) {
    #if canImport(CKernels)
      if set.isC {
        let kernels = set.inC
        switch self {
        case .siLIF(let neurons): neurons.step(currents, kernels: kernels, saturation: saturation)
        case .cSiLIF(let neurons): neurons.step(currents, kernels: kernels, saturation: saturation)
        case .readout(let neurons): neurons.step(currents, kernels: kernels, saturation: saturation)
        case .rf(let neurons): neurons.step(currents, kernels: kernels, saturation: saturation)
        #if !SILIF_WITHOUT_BLOCKS
          case .encoder(let neurons): neurons.step(currents, saturation: saturation)
          case .s4dGLU(let block): block.pointee.mix(currents, kernels: kernels, saturation: saturation)
          case .s4dGSU(let block): block.pointee.mix(currents, kernels: set, saturation: saturation)
          case .pSpikeSSM(let block): block.pointee.mix(currents, kernels: kernels, saturation: saturation)
        #endif
        case .lif(let neurons): neurons.step(currents, kernels: kernels, saturation: saturation)
        #if !SILIF_WITHOUT_BLOCKS
          case .cuba(let neurons): neurons.step(currents, kernels: kernels, saturation: saturation)
        #endif
        }
        return
      }
    #endif
    switch self {
    case .siLIF(let neurons): neurons.step(currents, saturation: saturation)
    case .cSiLIF(let neurons): neurons.step(currents, saturation: saturation)
    case .readout(let neurons): neurons.step(currents, saturation: saturation)
    case .rf(let neurons): neurons.step(currents, saturation: saturation)
    #if !SILIF_WITHOUT_BLOCKS
      case .encoder(let neurons): neurons.step(currents, saturation: saturation)
      case .s4dGLU(let block): block.pointee.mix(currents, saturation: saturation)
      case .s4dGSU(let block): block.pointee.mix(currents, kernels: set, saturation: saturation)
      case .pSpikeSSM(let block): block.pointee.mix(currents, saturation: saturation)
    #endif
    case .lif(let neurons): neurons.step(currents, saturation: saturation)
    #if !SILIF_WITHOUT_BLOCKS
      case .cuba(let neurons): neurons.step(currents, saturation: saturation)
    #endif
    }
  }

  /// Of a block where its spikes are, [width], 0 or 1; nil of the others.
  var flags: UnsafeMutablePointer<UInt8>? {
    switch self {
    #if !SILIF_WITHOUT_BLOCKS
      case .s4dGLU(let block): block.pointee.spikes.flags
      case .s4dGSU(let block): block.pointee.flags
      case .pSpikeSSM(let block): block.pointee.spikes.flags
    #endif
    default: nil
    }
  }

  /// Where these are negative, [width]; nil where spikes have no sign.
  var negatives: UnsafeMutablePointer<UInt8>? {
    #if !SILIF_WITHOUT_BLOCKS
      if case .s4dGSU(let block) = self { return block.pointee.negatives }
    #endif
    return nil
  }

  /// The state spaces of a block; nil of the others.
  var stateSpace: StateSpace? {
    switch self {
    #if !SILIF_WITHOUT_BLOCKS
      case .s4dGLU(let block): block.pointee.space
      case .s4dGSU(let block): block.pointee.space
      case .pSpikeSSM(let block): block.pointee.space
    #endif
    default: nil
    }
  }

  /// The spikes that were drawn for the state spaces; nil where none are.
  var taken: UnsafeMutablePointer<UInt8>? {
    #if !SILIF_WITHOUT_BLOCKS
      if case .pSpikeSSM(let block) = self { return block.pointee.taken }
    #endif
    return nil
  }

  /// The stream that they write; nil where they write none.
  var stream: Stream? {
    switch self {
    #if !SILIF_WITHOUT_BLOCKS
      case .encoder(let neurons): neurons.stream
      case .s4dGLU(let block): block.pointee.output
      case .s4dGSU(let block): block.pointee.output
      case .pSpikeSSM(let block): block.pointee.output
    #endif
    default: nil
    }
  }

  /// Their potentials, u or Re u, [width], F fractional bits. Nil of what has a stream instead.
  var potentials_qF: UnsafePointer<Int32>? {
    switch self {
    case .siLIF(let neurons): UnsafePointer(neurons.membrane_qF)
    case .cSiLIF(let neurons): UnsafePointer(neurons.state.real_qF)
    case .readout(let neurons): UnsafePointer(neurons.membrane_qF)
    case .rf(let neurons): UnsafePointer(neurons.state.real_qF)
    #if !SILIF_WITHOUT_BLOCKS
      case .encoder, .s4dGLU, .s4dGSU, .pSpikeSSM: nil
      case .cuba(let neurons): UnsafePointer(neurons.membrane_qF)
    #endif
    case .lif(let neurons): UnsafePointer(neurons.membrane_qF)
    }
  }
}
