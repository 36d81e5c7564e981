import Testing

@testable import SiLIF

@Suite struct NetworkTests {
  @Test func inputsAreSaturatedToTheirLimit() throws {
    let loaded = try LoadedModel(golden: "input-limit")
    let running = RunningNetwork(loaded)
    let limit = Int16(loaded.model.header.inputLimit)
    let frame: [Int16] = [.min, -limit - 1, -limit, -1, 0, 1, limit, limit + 1, .max, 0, 0, 0, 0]
    running.network.step(frame)
    let seen = (0..<9).map { running.network.lastFrame[$0] }
    #expect(seen == [-limit, -limit, -limit, -1, 0, 1, limit, limit, limit])
  }

  @Test func spikesAndTheirCountsAgree() throws {
    let loaded = try LoadedModel(golden: "silif-mixed-reach255")
    let running = RunningNetwork(loaded)
    var total = 0
    for step in 0..<100 {
      running.network.step(loaded.model.selfTest.values.baseAddress! + step * loaded.model.header.inputCount)
      for layer in 0..<loaded.model.header.layerCount - 1 {
        let spikes = running.network.spikes(ofLayer: layer)
        #expect(spikes.count == loaded.model.layer(layer).outputs)
        #expect(spikes.reduce(0) { $0 + Int($1) } == running.network.spikeCount(ofLayer: layer))
        total += running.network.spikeCount(ofLayer: layer)
      }
    }
    #expect(total > 0 && running.network.spikeCount == UInt64(total))
  }

  @Test func aCopySteersTheSameState() throws {
    let loaded = try LoadedModel(golden: "silif-none-w8")
    let running = RunningNetwork(loaded)
    let copy = running.network
    copy.step(loaded.model.selfTest.values.baseAddress!)
    #expect(running.network.synapticOperationCount == copy.synapticOperationCount)
    #expect(running.network.membrane[0] == copy.membrane[0])
  }
}
