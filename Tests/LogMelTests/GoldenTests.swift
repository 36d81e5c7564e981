import Kernels
import LogMel
import Testing

@Suite struct GoldenTests {
  @Test(arguments: Golden.settings, Golden.signals)
  func framesEqualTheReferenceWhateverTheBlocks(settings: String, signal: String) throws {
    let section = try Golden.section(settings)
    let samples = try Golden.samples(signal)
    let want = try Golden.frames(settings, signal)
    #expect(!want.isEmpty)
    for blockSize in [1, 7, 160, 4096] {
      let extraction = try Extraction(section)
      #expect(extraction.frames(of: samples, blockSize: blockSize) == want, "blocks of \(blockSize)")
      #expect(extraction.guardsAreIntact)
    }
    for kernels in KernelSet.available {
      let extraction = try Extraction(section, kernels: kernels)
      #expect(extraction.frames(of: samples, blockSize: 160) == want, "kernels \(kernels.name)")
      #expect(extraction.guardsAreIntact)
    }
  }
}
