import Kernels
import TestSupport
import Testing

@testable import SiLIF

/// What the engine demands of the neurons of every kind in its register, whatever their equations: a new kind is tested by
/// being registered. Of encoders and blocks, `LayerConformanceTests` demands the same.
@Suite struct NeuronConformanceTests {
  static let kinds = NeuronKind.allCases.filter { $0.output != .stream }
  static let shapes = [(16, 8), (48, 16), (512, 16), (64, 24)].map { (width: $0.0, fractionBits: $0.1) }

  private func section(
    _ kind: NeuronKind, _ shape: (width: Int, fractionBits: Int), _ random: inout SplitMix64
  ) -> LayerSection {
    .extreme(
      LayerHeader(
        kind: kind, source: .spikes, weightBits: 16, inputs: 1, outputs: shape.width,
        stateFractionBits: shape.fractionBits), inputLimit: 1, random: &random)
  }

  /// Sums that keep every current within ±2^38, in some rounds all at one end.
  private func setSums(_ neurons: LoneNeurons, _ scale: Scale, round: Int, _ random: inout SplitMix64) {
    for index in 0..<neurons.sums.count {
      let largest = Double(sign: .plus, exponent: 37 + Int(scale.shift[index]), significand: 1)
      let limit = Int64(min(largest / Double(max(scale.mantissa[index], 1)), Double(Int32.max)))
      let sum: Int64 =
        switch round % 8 {
        case 0: limit
        case 1: -limit
        case 2: 0
        case 3: limit >= 3 ? Int64.random(in: -3...3, using: &random) : 0
        default: Int64.random(in: -limit...limit, using: &random)
        }
      neurons.sums.pointer[index] = Int32(sum)
    }
  }

  @Test(arguments: kinds, KernelSet.available.dropFirst())
  func theKernelEqualsItsTwinBitForBit(_ kind: NeuronKind, _ kernels: KernelSet) throws {
    for shape in Self.shapes {
      var random = SplitMix64(seed: UInt64(shape.width) + UInt64(kind.rawValue))
      for _ in 0..<4 {
        let section = section(kind, shape, &random)
        let (twin, kernel) = (try LoneNeurons(section), try LoneNeurons(section))
        twin.randomizeState(&random)
        kernel.copyState(of: twin)
        for round in 0..<50 {
          setSums(twin, twin.scale, round: round, &random)
          for index in 0..<shape.width { kernel.sums.pointer[index] = twin.sums.pointer[index] }
          twin.step()
          kernel.step(kernels: kernels)
          try #require(kernel.state == twin.state, "\(shape), round \(round)")
          try #require(kernel.output.fired == twin.output.fired)
          try #require(kernel.output.listed == twin.output.listed)
          try #require(twin.output.listed == twin.output.firedIndices)
        }
        #expect(kernel.counter.saturations == twin.counter.saturations)
        #expect(twin.counter.saturations > 0 || !isDebugBuild)
        #expect(twin.isGuardIntact && kernel.isGuardIntact)
      }
    }
  }

  @Test(arguments: kinds)
  func afterAResetTheyAreFresh(_ kind: NeuronKind) throws {
    var random = SplitMix64(seed: 7)
    let section = section(kind, (48, 16), &random)
    let (fresh, used) = (try LoneNeurons(section), try LoneNeurons(section))
    used.randomizeState(&random)
    #expect(used.state != fresh.state)
    for round in 0..<9 {
      setSums(used, used.scale, round: round, &random)
      used.step()
    }
    used.reset()
    #expect(used.state == fresh.state && used.output.fired == fresh.output.fired && used.output.listed == [])
  }

  /// All of a padding neuron is zero, so it stays silent whatever the others do.
  @Test(arguments: kinds, KernelSet.available)
  func paddingStaysZero(_ kind: NeuronKind, _ kernels: KernelSet) throws {
    var random = SplitMix64(seed: 8)
    let neurons = try LoneNeurons(section(kind, (17, 16), &random))
    let zeros = neurons.zeroStates(from: 17)
    for round in 0..<20 {
      setSums(neurons, neurons.scale, round: round, &random)
      for index in 17..<32 { neurons.sums.pointer[index] = 0 }
      neurons.step(kernels: kernels)
      #expect(neurons.output.fired[17...].allSatisfy { $0 == 0 })
    }
    #expect(zeros > 0 && neurons.zeroStates(from: 17) == zeros)
  }

  private var isDebugBuild: Bool {
    #if DEBUG
      true
    #else
      false
    #endif
  }
}
