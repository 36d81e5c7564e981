import Kernels
import Testing

@testable import SiLIF

/// Bit-exactness against the Python integer reference, step by step, through the digest in each golden model.
@Suite struct GoldenModelTests {
  @Test func theModelsAreThere() {
    #expect(GoldenModels.names.count >= 42)
  }

  @Test(arguments: GoldenModels.names)
  func digestEqualsTheReference(_ name: String) throws {
    let loaded = try LoadedModel(golden: name)
    for kernels in KernelSet.available {
      let running = RunningNetwork(loaded, kernels: kernels)
      #expect(running.runSelfTest() == loaded.model.selfTest.digest, "\(kernels.name)")
      #expect(running.isGuardIntact)
      #expect(running.network.synapticOperationCount == loaded.provenance("synaptic_operations").flatMap { UInt64($0) })
    }
  }

  @Test(arguments: GoldenModels.names)
  func aResetNetworkIsAFreshOne(_ name: String) throws {
    let loaded = try LoadedModel(golden: name)
    let running = RunningNetwork(loaded)
    for _ in 0..<2 {
      // Leaves every ring at another slot than it began with.
      for step in 0..<7 { running.network.step(loaded.model.selfTest.values.baseAddress! + step) }
      running.network.reset()
      #expect(running.network.spikeCount == 0 && running.network.synapticOperationCount == 0)
      #expect(running.runSelfTest() == loaded.model.selfTest.digest)
    }
  }

  /// Nothing of the last step is left to be looked at, between blocks neither.
  @Test(arguments: GoldenModels.names)
  func rightAfterAResetEveryResultIsAFreshOnes(_ name: String) throws {
    let loaded = try LoadedModel(golden: name)
    let (running, fresh) = (RunningNetwork(loaded), RunningNetwork(loaded))
    let (network, layers) = (running.network, 0..<loaded.model.header.layerCount - 1)
    func isZero(_ index: Int) -> Bool {
      network.stream(ofLayer: index).allSatisfy { $0 == 0 } && network.spikes(ofLayer: index).allSatisfy { $0 == 0 }
        && network.takenSpikes(ofLayer: index).allSatisfy { $0 == 0 }
        && network.negativeSpikes(ofLayer: index).allSatisfy { $0 == 0 }
    }
    func digest(_ network: Network) -> UInt64 {
      var digest = FNV1a()
      network.updateDigest(&digest)
      return digest.value
    }
    // Until every layer has something to forget.
    var busy = Set<Int>()
    for step in 0..<loaded.model.selfTest.step_count where busy.count < layers.count {
      network.step(loaded.model.selfTest.values.baseAddress! + step * loaded.model.header.inputCount)
      busy = Set(layers.filter { !isZero($0) })
    }
    #expect(busy.count == layers.count)
    network.reset()
    for index in layers { #expect(isZero(index), "layer \(index)") }
    #expect(digest(network) == digest(fresh.network))
  }

  @Test(arguments: GoldenModels.names)
  func theSelfTestDependsOnTheState(_ name: String) throws {
    let loaded = try LoadedModel(golden: name)
    let running = RunningNetwork(loaded)
    _ = running.runSelfTest()
    #expect(running.runSelfTest() != loaded.model.selfTest.digest, "the state does not carry over between steps")
  }

  #if DEBUG
    @Test(arguments: GoldenModels.names)
    func saturationsAreCountedAsInTheReference(_ name: String) throws {
      let loaded = try LoadedModel(golden: name)
      let running = RunningNetwork(loaded)
      _ = running.runSelfTest()
      #expect(running.network.saturationCount == loaded.provenance("saturations").flatMap { UInt64($0) })
    }
  #else
    @Test func releaseBuildsDoNotCountSaturations() throws {
      let running = RunningNetwork(try LoadedModel(golden: "silif-saturating"))
      _ = running.runSelfTest()
      #expect(running.network.saturationCount == nil)
    }
  #endif
}
