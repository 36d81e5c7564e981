import Testing

@testable import SiLIF

@Suite struct NibbleRowTests {
  @Test func everyByteHoldsTwoNibblesInTwosComplement() {
    for byte in 0..<256 {
      let stored = Int8(truncatingIfNeeded: byte)
      let (high, low) = byte.quotientAndRemainder(dividingBy: 16)
      #expect(Int(NibbleRow.low(stored)) == (low < 8 ? low : low - 16))
      #expect(Int(NibbleRow.high(stored)) == (high < 8 ? high : high - 16))
    }
  }

  @Test func aRowsHalvesLieInLowAndHighNibbles() throws {
    let weights = (0..<3).map { input in (0..<48).map { (5 * $0 + input) % 16 - 8 } }
    let layer = try LayerOfWeights(weights, bits: 4)
    for input in 0..<3 {
      #expect((0..<48).map { Int(layer.weights.weight(from: input, to: $0)) } == weights[input])
    }
  }
}
