import Kernels

@testable import SiLIF

/// One layer outside a network, with memory and edges of its own, guard bytes behind them.
final class LoneLayer {
  private(set) var layer: Layer
  /// What fires, in a block too, and the stream that it writes.
  let output: SpikeMemory
  let stream: StreamMemory
  let counter = FreeCounter()
  private let parameters: LoadedLayer
  private let frame: Scratch<Int16>
  /// What the weights of ternary spikes read, [width].
  let signs: Scratch<Int16>
  private let frameCount = Scratch<Int>(count: 1)
  private let arriving: SpikeMemory
  private let arrivingStream: StreamMemory
  private let clock: ClockMemory
  private let memory: [AlignedBytes]
  private let usedBytes: [Int]
  private let ringBytes: Int
  private let isRecurrent: Bool
  private static let guardBytes = 256

  init(_ section: LayerSection, inputLimit: Int, kernels: KernelSet, sampler: Sampler = .draws) throws {
    let header = section.header
    clock = ClockMemory(sampler: sampler)
    parameters = try LoadedLayer(section, inputLimit: inputLimit)
    (frame, arriving) = (Scratch(count: header.inputs), SpikeMemory(width: header.inputs))
    output = SpikeMemory(width: header.paddedOutputs)
    let bits = header.stateFractionBits
    stream = StreamMemory(width: header.paddedOutputs, fractionBits: bits)
    signs = Scratch(count: header.paddedOutputs)
    arrivingStream = StreamMemory(width: (header.inputs + 15) / 16 * 16, fractionBits: bits)
    let input: Edge =
      switch header.source {
      case .frames:
        .frames(
          Frames(width: header.inputs, values: frame.pointer, activeCount: frameCount.pointer, countsZeros: false))
      case .spikes: .spikes(arriving.spikes)
      case .stream: .stream(arrivingStream.stream)
      }
    let edge: Edge? =
      switch header.kind.output {
      case .spikes?: .spikes(output.spikes)
      case .stream?: .stream(stream.stream)
      case .frames?, nil: nil
      }
    let ternary = Frames(
      width: header.inputs, values: signs.pointer, activeCount: output.spikes.count, countsZeros: false)
    let own: Edge? =
      header.kind.isTernary ? .frames(ternary) : header.kind.isBlock ? .spikes(output.spikes) : nil
    let (loaded, saturation, drawing) = (parameters.parameters, counter.saturation, clock.drawing)
    func make(_ state: inout Arena, _ scratch: inout Arena) -> Layer {
      var sizes = Connection.Scratch.Sizes()
      sizes.include(header)
      return Layer(
        loaded, input: input, output: edge, own: own, drawing: drawing,
        scratch: Connection.Scratch(sizes, kernels: kernels, arena: &scratch),
        ownScratch: OwnSpikes.Scratch(width: header.isRecurrent ? header.paddedOutputs : 0, arena: &scratch),
        saturation: saturation, arena: &state)
    }
    var (state, scratch) = (Arena(), Arena())
    _ = make(&state, &scratch)
    usedBytes = [state.usedBytes, scratch.usedBytes]
    (ringBytes, isRecurrent) = (state.ringBytes, header.isRecurrent)
    memory = usedBytes.map { AlignedBytes(count: $0 + LoneLayer.guardBytes) }
    let pieces = zip(memory, usedBytes).map { UnsafeMutableRawBufferPointer(rebasing: $0.bytes[..<$1]) }
    (state, scratch) = (Arena(memory: pieces[0]), Arena(memory: pieces[1]))
    layer = make(&state, &scratch)
    precondition([state.usedBytes, scratch.usedBytes] == usedBytes, "the plan is not what is used")
  }

  /// One step on a frame, on the spikes of the inputs that are not zero, or on a stream of such values, each 2^15 times as
  /// large: ±2^30 at the ends.
  ///
  /// - Returns: synaptic operations.
  func step(_ inputs: [Int16]) -> Int {
    for index in inputs.indices { frame.pointer[index] = inputs[index] }
    frameCount.pointer[0] = inputs.count { $0 != 0 }
    arriving.fire(inputs.indices.filter { inputs[$0] != 0 })
    for index in inputs.indices { arrivingStream.stream.values_qF[index] = Int32(inputs[index]) << 15 }
    clock.tick()
    return layer.step()
  }

  func reset() {
    layer.reset()
    clock.reset()
    output.spikes.reset()
  }

  /// States and rings, byte for byte.
  var state: [UInt8] {
    guard let space = layer.neurons.stateSpace else {
      let all = Array(memory[0].bytes[..<usedBytes[0]])
      // The same of what reads own spikes: it lies behind the rings.
      let size = (MemoryLayout<OwnSpikes>.stride + Arena.alignment - 1) / Arena.alignment * Arena.alignment
      return isRecurrent ? Array(all[..<ringBytes] + all[(ringBytes + size)...]) : all
    }
    // The rest of a block's memory holds addresses, which differ from layer to layer.
    var state = LoneLayer.bytes(space.states_qF, 2 * space.width * space.pairs)
    if case .pSpikeSSM(let block) = layer.neurons {
      state += taken + LoneLayer.bytes(block.pointee.errors_q16, block.pointee.errorCount)
    }
    return state
  }

  private static func bytes(_ values: UnsafePointer<Int32>, _ count: Int) -> [UInt8] {
    Array(UnsafeRawBufferPointer(UnsafeBufferPointer(start: values, count: count)))
  }

  /// The spikes that were drawn for the state spaces, those of the padding included; empty where none are.
  var taken: [UInt8] {
    Array(UnsafeBufferPointer(start: layer.neurons.taken, count: layer.neurons.taken == nil ? 0 : output.spikes.width))
  }
  var isGuardIntact: Bool {
    zip(memory, usedBytes).allSatisfy { $0.bytes[$1...].allSatisfy { $0 == 0xA5 } }
  }
}
