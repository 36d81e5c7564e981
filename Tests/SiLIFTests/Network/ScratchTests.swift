import Testing

@testable import SiLIF

/// Between two steps the network's scratch memory belongs to others.
@Suite struct ScratchTests {
  @Test(arguments: GoldenModels.names)
  func whatIsWrittenThereBetweenStepsDoesNotMatter(_ name: String) throws {
    let loaded = try LoadedModel(GoldenModels.bytes(name))
    let model = loaded.model
    let plan = Network.memoryPlan(for: model)
    #expect(plan.state + plan.scratch == Network.requiredBytes(for: model))
    #expect(plan.scratch > 0)
    let (state, scratch) = (AlignedBytes(count: plan.state), AlignedBytes(count: plan.scratch))
    let network = Network(model: model, state: state.bytes, scratch: scratch.bytes)
    network.reset()
    var digest = FNV1a()
    let test = model.selfTest
    for step in 0..<test.step_count {
      scratch.bytes.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: 37 &* step &+ 11))
      let frame = test.values.baseAddress! + step * model.header.inputCount
      if step % 2 == 0 {
        network.step(frame)
      } else {
        // The frame may also be made in place.
        network.frameBuffer.update(from: frame, count: model.header.inputCount)
        network.step(network.frameBuffer)
      }
      scratch.bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
      network.updateDigest(&digest)
    }
    #expect(digest.value == test.digest)
    withExtendedLifetime(loaded) {}
  }
}
