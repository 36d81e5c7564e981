import Kernels
import TestSupport

@testable import SiLIF

/// A counter for neurons that are stepped outside a network.
final class FreeCounter {
  private let count = Scratch<UInt64>(count: 1)

  var saturation: SaturationCounter {
    #if DEBUG
      SaturationCounter(count: count.pointer)
    #else
      SaturationCounter()
    #endif
  }

  var saturations: UInt64 { count.values[0] }
}

/// An edge of spikes with memory of its own.
final class SpikeMemory {
  let spikes: Spikes
  private let flags: Scratch<UInt8>
  private let active: Scratch<UInt16>
  private let count = Scratch<Int>(count: 1)

  init(width: Int) {
    flags = Scratch(count: width)
    active = Scratch(count: width)
    spikes = Spikes(width: width, flags: flags.pointer, active: active.pointer, count: count.pointer)
  }

  /// Lets these neurons fire, and no others.
  func fire(_ neurons: [Int]) {
    for index in 0..<spikes.width { flags.pointer[index] = neurons.contains(index) ? 1 : 0 }
    spikes.list()
  }

  /// 0 or 1 for each neuron.
  var fired: [UInt8] { flags.values }
  /// The neurons listed.
  var listed: [Int] { active.values.prefix(count.values[0]).map(Int.init) }
  /// What the list must hold.
  var firedIndices: [Int] { fired.indices.filter { fired[$0] == 1 } }
}

/// An edge of values with memory of its own.
final class StreamMemory {
  let stream: Stream
  private let values_qF: Scratch<Int32>

  init(width: Int, fractionBits: Int) {
    values_qF = Scratch(count: width)
    stream = Stream(width: width, values_qF: values_qF.pointer, fractionBits: fractionBits)
  }

  var values: [Int32] { values_qF.values }
}

/// A clock of draws with memory of its own.
final class ClockMemory {
  let drawing: Drawing
  private let clock = UnsafeMutablePointer<SamplingClock>.allocate(capacity: 1)

  init(sampler: Sampler = .draws, seed: UInt64 = 1, index: Int = 1) {
    clock.initialize(to: SamplingClock(seed: seed))
    drawing = Drawing(index: index, sampler: sampler, clock: clock)
  }

  deinit { clock.deallocate() }

  func tick() { clock.pointee.step &+= 1 }
  func reset() { clock.pointee.step = UInt64.max }
}

/// The neurons of one layer, which is no block and writes no stream, outside a network, with memory of their own, guard bytes behind it.
final class LoneNeurons {
  private(set) var neurons: Neurons
  let sums: Scratch<Int32>
  let output: SpikeMemory
  let counter = FreeCounter()
  private let layer: LoadedLayer
  private let clock: ClockMemory
  private let memory: AlignedBytes
  private let usedBytes: Int
  private static let guardBytes = 256

  init(_ section: LayerSection) throws {
    layer = try LoadedLayer(section)
    let header = section.header
    let width = header.paddedOutputs
    (sums, output) = (Scratch(count: width), SpikeMemory(width: width))
    let edge: Edge? = header.kind.output == .spikes ? .spikes(output.spikes) : nil
    var sizes = Arena()
    let input = Edge.spikes(output.spikes)  // which only blocks would look at
    let clock = ClockMemory()
    let weights = layer.parameters.connection.weights
    self.clock = clock
    func make(_ arena: inout Arena, _ neurons: NeuronTables) -> Neurons {
      Neurons(
        neurons, header: header, input: input, output: edge, own: nil, weights: weights,
        drawing: clock.drawing, arena: &arena)
    }
    _ = make(&sizes, layer.parameters.neurons)
    usedBytes = sizes.usedBytes
    memory = AlignedBytes(count: usedBytes + LoneNeurons.guardBytes)
    var arena = Arena(memory: UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<usedBytes]))
    neurons = make(&arena, layer.parameters.neurons)
    precondition(arena.usedBytes == usedBytes, "the plan is not what is used")
  }

  var scale: Scale { layer.parameters.connection.scale }

  func step(kernels: KernelSet = .swift) {
    neurons.step(
      Currents(sums: UnsafePointer(sums.pointer), scale: scale), kernels: kernels, saturation: counter.saturation)
  }

  func reset() {
    neurons.reset()
    output.spikes.reset()
  }

  /// All states, whatever the kind, byte for byte.
  var state: [UInt8] { Array(memory.bytes[..<usedBytes]) }
  var isGuardIntact: Bool { memory.bytes[usedBytes...].allSatisfy { $0 == 0xA5 } }

  /// Copies states and spikes of another layer of the same shape.
  func copyState(of other: LoneNeurons) {
    memory.bytes.copyBytes(from: other.state)
    output.fire(other.output.firedIndices)
  }

  /// Every state at random within its bounds, often on them: Int32 states reach ±2^30, Int64 states ±2^60 (StateLimit).
  func randomizeState(_ random: inout SplitMix64) {
    let width = output.spikes.width
    func some(_ limit: Int64) -> Int64 {
      switch Int.random(in: 0..<4, using: &random) {
      case 0: -limit
      case 1: limit
      default: Int64.random(in: -limit...limit, using: &random)
      }
    }
    for state in statePointers(in: neurons) {
      if let state = state as? UnsafeMutablePointer<Int32> {
        for index in 0..<width { state[index] = Int32(some(StateLimit.state)) }
      } else if let state = state as? UnsafeMutablePointer<Int64> {
        for index in 0..<width { state[index] = some(StateLimit.adaptation) }
      }
    }
    output.fire((0..<width).filter { _ in Bool.random(using: &random) })
  }

  /// Of each neuron.
  var stateCount: Int { statePointers(in: neurons).count }

  /// How many states of the neurons from `first` on are zero.
  func zeroStates(from first: Int) -> Int {
    statePointers(in: neurons).reduce(0) { total, state in
      let zeros = (first..<output.spikes.width).filter { index in
        if let state = state as? UnsafeMutablePointer<Int32> { return state[index] == 0 }
        return (state as? UnsafeMutablePointer<Int64>)?[index] == 0
      }
      return total + zeros.count
    }
  }

  /// The pointers to states anywhere in a value: those through which a kind writes Int32 or Int64.
  private func statePointers(in value: Any) -> [Any] {
    if value is UnsafeMutablePointer<Int32> || value is UnsafeMutablePointer<Int64> { return [value] }
    return Mirror(reflecting: value).children.flatMap { statePointers(in: $0.value) }
  }
}
