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
