import Kernels

@testable import SiLIF

/// One layer outside a network, with memory and edges of its own, guard bytes behind them.
final class LoneLayer {
  private(set) var layer: Layer
  let output: SpikeMemory
  let counter = FreeCounter()
  private let parameters: LoadedLayer
  private let frame: Scratch<Int16>
  private let frameCount = Scratch<Int>(count: 1)
  private let arriving: SpikeMemory
  private let memory: [AlignedBytes]
  private let usedBytes: [Int]
  private static let guardBytes = 256

  init(_ section: LayerSection, inputLimit: Int, kernels: KernelSet) throws {
    let header = section.header
    parameters = try LoadedLayer(section, inputLimit: inputLimit)
    (frame, arriving) = (Scratch(count: header.inputs), SpikeMemory(width: header.inputs))
    output = SpikeMemory(width: header.paddedOutputs)
    let input: Edge =
      switch header.source {
      case .frames:
        .frames(
          Frames(width: header.inputs, values: frame.pointer, activeCount: frameCount.pointer, countsZeros: false))
      case .spikes: .spikes(arriving.spikes)
      }
    let edge: Edge? = header.kind.output == .spikes ? .spikes(output.spikes) : nil
    let (loaded, saturation) = (parameters.parameters, counter.saturation)
    func make(_ state: inout Arena, _ scratch: inout Arena) -> Layer {
      var sizes = Connection.Scratch.Sizes()
      sizes.include(header)
      return Layer(
        loaded, input: input, output: edge,
        scratch: Connection.Scratch(sizes, kernels: kernels, arena: &scratch), saturation: saturation, arena: &state)
    }
    var (state, scratch) = (Arena(), Arena())
    _ = make(&state, &scratch)
    usedBytes = [state.usedBytes, scratch.usedBytes]
    memory = usedBytes.map { AlignedBytes(count: $0 + LoneLayer.guardBytes) }
    let pieces = zip(memory, usedBytes).map { UnsafeMutableRawBufferPointer(rebasing: $0.bytes[..<$1]) }
    (state, scratch) = (Arena(memory: pieces[0]), Arena(memory: pieces[1]))
    layer = make(&state, &scratch)
    precondition([state.usedBytes, scratch.usedBytes] == usedBytes, "the plan is not what is used")
  }

  /// One step on a frame, or on the spikes of the inputs that are not zero.
  ///
  /// - Returns: synaptic operations.
  func step(_ inputs: [Int16]) -> Int {
    for index in inputs.indices { frame.pointer[index] = inputs[index] }
    frameCount.pointer[0] = inputs.count { $0 != 0 }
    arriving.fire(inputs.indices.filter { inputs[$0] != 0 })
    return layer.step()
  }

  func reset() {
    layer.reset()
    output.spikes.reset()
  }

  /// States and rings, byte for byte.
  var state: [UInt8] { Array(memory[0].bytes[..<usedBytes[0]]) }
  var isGuardIntact: Bool {
    zip(memory, usedBytes).allSatisfy { $0.bytes[$1...].allSatisfy { $0 == 0xA5 } }
  }
}
