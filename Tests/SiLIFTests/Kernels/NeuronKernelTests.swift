import Testing

@testable import SiLIF

/// Each C kernel that this machine runs against the Swift loop that defines it, step after step from extreme states.
@Suite struct NeuronKernelTests {
  static let cases = KernelLevel.available.dropFirst().flatMap { level in
    [(16, 8), (48, 16), (512, 16), (64, 24)].map { (level: level, width: $0.0, fractionBits: $0.1) }
  }

  @Test func theLevelsOfThisMachineAreTold() {
    #expect(KernelLevel.available.map(\.name).starts(with: ["swift", "plain"]))
  }

  @Test(arguments: cases)
  func siLIFEqualsItsTwin(_ level: KernelLevel, _ width: Int, _ fractionBits: Int) throws {
    var random = SplitMix64(seed: UInt64(width))
    for _ in 0..<4 {
      let layer = try ExtremeLayer(.siLIF, width: width, fractionBits: fractionBits, random: &random)
      let twin = NeuronMemory(width: width) { SiLIFNeurons(width: width, arena: &$0) }
      let kernel = NeuronMemory(width: width) { SiLIFNeurons(width: width, arena: &$0) }
      for index in 0..<width {
        let u = Int32.random(in: -1 << 30...1 << 30, using: &random)
        let w = index % 3 == 0 ? (1 << 60) : Int64.random(in: -1 << 60...1 << 60, using: &random)
        let s = UInt8.random(in: 0...1, using: &random)
        for memory in [twin, kernel] {
          memory.neurons.membrane[index] = u
          memory.neurons.adaptation[index] = w
          memory.spiked.pointer[index] = s
        }
      }
      for round in 0..<50 {
        let sums = layer.sums(round: round, random: &random)
        twin.neurons.step(
          sums: sums.pointer, spiked: twin.spiked.pointer, parameters: layer.parameters,
          saturation: twin.counter.saturation)
        let count = kernel.neurons.step(
          kernels: level, sums: sums.pointer, spiked: kernel.spiked.pointer, active: kernel.active.pointer,
          parameters: layer.parameters, saturation: kernel.counter.saturation)
        try #require(values(kernel.neurons.membrane, width) == values(twin.neurons.membrane, width))
        try #require(values(kernel.neurons.adaptation, width) == values(twin.neurons.adaptation, width))
        try #require(kernel.spiked.values == twin.spiked.values)
        try #require(Array(kernel.active.values.prefix(count)) == twin.listed)
      }
      #expect(kernel.counter.saturations == twin.counter.saturations)
      #expect(twin.counter.saturations > 0 || !isDebugBuild)
    }
  }

  @Test(arguments: cases)
  func cSiLIFEqualsItsTwin(_ level: KernelLevel, _ width: Int, _ fractionBits: Int) throws {
    var random = SplitMix64(seed: UInt64(width) + 1)
    for _ in 0..<4 {
      let layer = try ExtremeLayer(.cSiLIF, width: width, fractionBits: fractionBits, random: &random)
      let twin = NeuronMemory(width: width) { CSiLIFNeurons(width: width, arena: &$0) }
      let kernel = NeuronMemory(width: width) { CSiLIFNeurons(width: width, arena: &$0) }
      for index in 0..<width {
        let re = Int32.random(in: -1 << 30...1 << 30, using: &random)
        let im = index % 3 == 0 ? -1 << 30 : Int32.random(in: -1 << 30...1 << 30, using: &random)
        let s = UInt8.random(in: 0...1, using: &random)
        for memory in [twin, kernel] {
          memory.neurons.real[index] = re
          memory.neurons.imaginary[index] = im
          memory.spiked.pointer[index] = s
        }
      }
      for round in 0..<50 {
        let sums = layer.sums(round: round, random: &random)
        twin.neurons.step(
          sums: sums.pointer, spiked: twin.spiked.pointer, parameters: layer.parameters,
          saturation: twin.counter.saturation)
        let count = kernel.neurons.step(
          kernels: level, sums: sums.pointer, spiked: kernel.spiked.pointer, active: kernel.active.pointer,
          parameters: layer.parameters, saturation: kernel.counter.saturation)
        try #require(values(kernel.neurons.real, width) == values(twin.neurons.real, width))
        try #require(values(kernel.neurons.imaginary, width) == values(twin.neurons.imaginary, width))
        try #require(kernel.spiked.values == twin.spiked.values)
        try #require(Array(kernel.active.values.prefix(count)) == twin.listed)
      }
      #expect(kernel.counter.saturations == twin.counter.saturations)
      #expect(twin.counter.saturations > 0 || !isDebugBuild)
    }
  }

  @Test(arguments: cases)
  func rfEqualsItsTwin(_ level: KernelLevel, _ width: Int, _ fractionBits: Int) throws {
    var random = SplitMix64(seed: UInt64(width) + 3)
    for _ in 0..<4 {
      let layer = try ExtremeLayer(.rf, width: width, fractionBits: fractionBits, random: &random)
      let twin = NeuronMemory(width: width) { RFNeurons(width: width, arena: &$0) }
      let kernel = NeuronMemory(width: width) { RFNeurons(width: width, arena: &$0) }
      for index in 0..<width {
        let re = Int32.random(in: -1 << 30...1 << 30, using: &random)
        let im = index % 3 == 0 ? -1 << 30 : Int32.random(in: -1 << 30...1 << 30, using: &random)
        let s = UInt8.random(in: 0...1, using: &random)
        for memory in [twin, kernel] {
          memory.neurons.real[index] = re
          memory.neurons.imaginary[index] = im
          memory.spiked.pointer[index] = s
        }
      }
      for round in 0..<50 {
        let sums = layer.sums(round: round, random: &random)
        twin.neurons.step(
          sums: sums.pointer, spiked: twin.spiked.pointer, parameters: layer.parameters,
          saturation: twin.counter.saturation)
        let count = kernel.neurons.step(
          kernels: level, sums: sums.pointer, spiked: kernel.spiked.pointer, active: kernel.active.pointer,
          parameters: layer.parameters, saturation: kernel.counter.saturation)
        try #require(values(kernel.neurons.real, width) == values(twin.neurons.real, width))
        try #require(values(kernel.neurons.imaginary, width) == values(twin.neurons.imaginary, width))
        try #require(kernel.spiked.values == twin.spiked.values)
        try #require(Array(kernel.active.values.prefix(count)) == twin.listed)
      }
      #expect(kernel.counter.saturations == twin.counter.saturations)
      #expect(twin.counter.saturations > 0 || !isDebugBuild)
    }
  }

  @Test(arguments: cases)
  func readoutEqualsItsTwin(_ level: KernelLevel, _ width: Int, _ fractionBits: Int) throws {
    var random = SplitMix64(seed: UInt64(width) + 2)
    let layer = try ExtremeLayer(.readout, width: width, fractionBits: fractionBits, random: &random)
    let twin = NeuronMemory(width: width) { ReadoutNeurons(width: width, arena: &$0) }
    let kernel = NeuronMemory(width: width) { ReadoutNeurons(width: width, arena: &$0) }
    for index in 0..<width {
      let u = Int32.random(in: -1 << 30...1 << 30, using: &random)
      twin.neurons.membrane[index] = u
      kernel.neurons.membrane[index] = u
    }
    for round in 0..<100 {
      let sums = layer.sums(round: round, random: &random)
      twin.neurons.step(sums: sums.pointer, parameters: layer.parameters, saturation: twin.counter.saturation)
      kernel.neurons.step(
        kernels: level, sums: sums.pointer, parameters: layer.parameters, saturation: kernel.counter.saturation)
      try #require(values(kernel.neurons.membrane, width) == values(twin.neurons.membrane, width))
    }
    #expect(kernel.counter.saturations == twin.counter.saturations)
  }

  private func values<Element>(_ pointer: UnsafeMutablePointer<Element>, _ count: Int) -> [Element] {
    Array(UnsafeBufferPointer(start: pointer, count: count))
  }

  private var isDebugBuild: Bool {
    #if DEBUG
      true
    #else
      false
    #endif
  }
}
