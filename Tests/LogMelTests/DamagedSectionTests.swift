import LogMel
import Testing

@Suite struct DamagedSectionTests {
  /// A section with damaged bytes is refused or works: it traps nowhere and writes nothing outside its memory.
  @Test(arguments: Golden.settings)
  func isRefusedOrHarmless(name: String) throws {
    let content = try Golden.section(name)
    let samples = try Golden.samples("loudest_noise")
    var random: UInt64 = 1
    func next(_ bound: Int) -> Int {
      // Knuth's linear congruential generator: the same bytes on every machine.
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(random >> 33) % bound
    }
    var refused = 0
    for round in 0..<600 {
      var damaged = content
      // The header is small beside the tables, so half of the rounds look there.
      for _ in 0...next(3) { damaged[next(round % 2 == 0 ? 40 : content.count)] = UInt8(next(256)) }
      do {
        let extraction = try Extraction(damaged)
        _ = extraction.frames(of: samples, blockSize: 600)
        #expect(extraction.guardsAreIntact)
      } catch is LogMelSettingsError {
        refused += 1
      }
    }
    #expect(refused > 100 && refused < 600)
  }
}
