import TestSupport
import Testing

@testable import SiLIF

/// Random damage behind a right checksum: the reader must refuse it or the network must be able to run it.
@Suite struct MutationTests {
  private static let edges: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF]

  @Test(arguments: [
    "one-neuron", "readout-one-class", "readout-only", "silif-synaptic-w8", "csilif-axonal-w8", "silif-dendritic-w16",
    "csilif-saturating", "silif-mixed-reach255", "rf-saturating", "rf-synaptic-w4", "mixed-widths",
    "s4d-glu-extreme", "s4d-glu-w4", "s4d-gsu-w4", "pspike-w4", "pspike-feedback", "cuba-saturating",
    "spiking-last-spikes", "recurrent-w4", "recurrent-cuba-w8",
  ])
  func aMutatedFileIsRefusedOrRuns(_ name: String) throws {
    let whole = try MutableModelFile(golden: name)
    var random = SplitMix64(seed: UInt64(name.utf8.count))
    let starts = ["NETW", "WORD", "DTCT", "TEST", "LAYR"].map { whole.start($0) }
    let headers = [(0, 32 + 16 * whole.sectionCount)] + starts.map { ($0, $0 + 32) }
    var refused = 0
    for round in 0..<500 {
      var file = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        // Half of the mutations hit the headers, where the counts are.
        let (low, high) = round.isMultiple(of: 2) ? headers.randomElement(using: &random)! : (20, whole.bytes.count)
        let at = Int.random(in: low..<min(high, whole.bytes.count), using: &random)
        file.bytes[at] =
          Bool.random(using: &random)
          ? Self.edges.randomElement(using: &random)! : UInt8.random(in: 0...255, using: &random)
      }
      file.repairChecksum()
      do {
        let loaded = try LoadedModel(file.bytes)
        let running = RunningNetwork(loaded)
        let count = loaded.model.header.inputCount
        for step in 0..<4 {
          let frame = (0..<count).map { _ in
            step == 0 ? Int16.min : Int16.random(in: .min ... .max, using: &random)
          }
          running.network.step(frame)
        }
        #expect(running.isGuardIntact)
        for index in 0..<loaded.model.words.count { #expect(loaded.model.words[index].count > 0) }
      } catch {
        refused += 1
        #expect(!error.fieldName.isEmpty)
      }
    }
    #expect(refused > 100 && refused < 500)
  }
}
