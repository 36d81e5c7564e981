import Kernels

// The register of neuron kinds: the only file of the engine that knows which ones there are. A kind has a folder of its own
// with its tables, its state and step, and its call into C; here it has a line in each list (CONTRIBUTING.md).

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
  /// Leaky integrate and fire, with a reset that does not decay.
  case lif = 9

  /// As the papers call it.
  public var name: String {
    switch self {
    case .siLIF: "SiLIF"
    case .cSiLIF: "C-SiLIF"
    case .readout: "readout"
    case .rf: "RF"
    case .lif: "LIF"
    }
  }

  /// What a layer of this kind writes for the next one to read; nil where its potentials are the network's result.
  public var output: EdgeKind? {
    switch self {
    case .siLIF, .cSiLIF, .rf, .lif: .spikes
    case .readout: nil
    }
  }
}

/// The tables of a kind's coefficients.
enum NeuronTables: BitwiseCopyable {
  case siLIF(SiLIFTables)
  case cSiLIF(ComplexDecay)
  case readout(ReadoutTables)
  case rf(ComplexDecay)
  case lif(LIFTables)

  init(reading reader: inout TableReader) throws(ModelError) {
    switch reader.header.kind {
    case .siLIF: self = .siLIF(try SiLIFTables(reading: &reader))
    case .cSiLIF: self = .cSiLIF(try CSiLIFNeurons.decay(reading: &reader))
    case .readout: self = .readout(try ReadoutTables(reading: &reader))
    case .rf: self = .rf(try RFNeurons.decay(reading: &reader))
    case .lif: self = .lif(try LIFTables(reading: &reader))
    }
  }
}

/// The neurons of a layer: tables and state.
enum Neurons {
  case siLIF(SiLIFNeurons)
  case cSiLIF(CSiLIFNeurons)
  case readout(ReadoutNeurons)
  case rf(RFNeurons)
  case lif(LIFNeurons)

  /// - Parameter output: the edge that they write, of the sort that their kind tells; nil where it tells none.
  init(_ tables: NeuronTables, header: LayerHeader, output: Edge?, arena: inout Arena) {
    switch tables {
    case .siLIF(let tables):
      self = .siLIF(SiLIFNeurons(tables, header: header, spikes: Spikes(output), arena: &arena))
    case .cSiLIF(let decay):
      self = .cSiLIF(CSiLIFNeurons(decay, header: header, spikes: Spikes(output), arena: &arena))
    case .readout(let tables):
      self = .readout(ReadoutNeurons(tables, header: header, arena: &arena))
    case .rf(let decay):
      self = .rf(RFNeurons(decay, header: header, spikes: Spikes(output), arena: &arena))
    case .lif(let tables):
      self = .lif(LIFNeurons(tables, header: header, spikes: Spikes(output), arena: &arena))
    }
  }

  /// All states zero. The edge that they write is the network's to reset.
  ///
  /// Mutating, because Swift 6.0.3 crashes where a reset copies such an enum.
  @_noAllocation @_noLocks
  mutating func reset() {
    switch self {
    case .siLIF(let neurons): neurons.reset()
    case .cSiLIF(let neurons): neurons.state.reset()
    case .readout(let neurons): neurons.reset()
    case .rf(let neurons): neurons.state.reset()
    case .lif(let neurons): neurons.reset()
    }
  }

  /// One step on complete currents.
  @_noAllocation @_noLocks
  @inline(__always)
  func step(_ currents: Currents, kernels: KernelSet, saturation: SaturationCounter) {
    #if canImport(CKernels)
      if kernels.isC {
        let kernels = kernels.inC
        switch self {
        case .siLIF(let neurons): neurons.step(currents, kernels: kernels, saturation: saturation)
        case .cSiLIF(let neurons): neurons.step(currents, kernels: kernels, saturation: saturation)
        case .readout(let neurons): neurons.step(currents, kernels: kernels, saturation: saturation)
        case .rf(let neurons): neurons.step(currents, kernels: kernels, saturation: saturation)
        case .lif(let neurons): neurons.step(currents, kernels: kernels, saturation: saturation)
        }
        return
      }
    #endif
    switch self {
    case .siLIF(let neurons): neurons.step(currents, saturation: saturation)
    case .cSiLIF(let neurons): neurons.step(currents, saturation: saturation)
    case .readout(let neurons): neurons.step(currents, saturation: saturation)
    case .rf(let neurons): neurons.step(currents, saturation: saturation)
    case .lif(let neurons): neurons.step(currents, saturation: saturation)
    }
  }

  /// What a layer that writes no edge made last: potentials, [width], F fractional bits. Nil for the others.
  var potentials_qF: UnsafePointer<Int32>? {
    if case .readout(let neurons) = self { return UnsafePointer(neurons.membrane_qF) }
    return nil
  }
}
