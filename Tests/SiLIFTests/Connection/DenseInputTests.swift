import TestSupport
import Testing

@testable import SiLIF

@Suite struct DenseInputTests {
  private func check(bits: Int, inputs: Int, seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let limit = bits == 4 ? 7 : bits == 8 ? 127 : 5000
    let weights = (0..<inputs).map { _ in
      [limit, -limit] + (0..<30).map { _ in Int.random(in: -limit...limit, using: &random) }
    }
    let layer = try LayerOfWeights(weights, bits: bits, source: .frames)
    for round in 0..<20 {
      let frame = (0..<inputs).map { index -> Int16 in
        switch round {
        case 0: 0
        case 1: 32767
        case 2: index.isMultiple(of: 2) ? 32767 : -32767
        default: Bool.random(using: &random) ? 0 : Int16.random(in: -32767...32767, using: &random)
        }
      }
      let sums = Scratch<Int32>(repeating: -1, count: 32)
      let nonZero = Scratch<UInt16>(count: inputs)
      let values = Scratch<Int16>(count: inputs)
      DenseInput.accumulate(
        frame: frame, weights: layer.weights, nonZero: nonZero.pointer, values: values.pointer,
        into: sums.pointer)
      let expected = (0..<32).map { output in
        (0..<inputs).reduce(Int64(0)) { $0 + Int64(frame[$1]) * Int64(weights[$1][output]) }
      }
      #expect(sums.values.map(Int64.init) == expected)
    }
  }

  @Test(arguments: [1, 13, 140, 512])
  func exactWith8BitWeights(_ inputs: Int) throws { try check(bits: 8, inputs: inputs, seed: UInt64(inputs)) }

  @Test(arguments: [1, 13, 140, 512])
  func exactWith4BitWeights(_ inputs: Int) throws { try check(bits: 4, inputs: inputs, seed: UInt64(inputs)) }

  @Test(arguments: [1, 13])
  func exactWith16BitWeights(_ inputs: Int) throws { try check(bits: 16, inputs: inputs, seed: UInt64(inputs)) }
}
