import Foundation
import TestSupport
import Testing

@testable import SiLIF

@Suite struct SoftmaxTests {
  /// Largest error of a probability, in units of 2^-15, that docs/ARITHMETIC.md states: 1.25 from its own weight, the
  /// same from each of the others in proportion, and the last rounding.
  private func statedError(_ probability: Double, classes: Int) -> Double {
    1.25 * (1 + probability * Double(classes)) + 0.5
  }

  private func softmax(_ membrane: [Int32]) -> [UInt16] {
    var (state, scratch) = (Arena(), Arena())
    _ = Softmax(classes: membrane.count, state: &state, scratch: &scratch)
    let (stateMemory, scratchMemory) = (AlignedBytes(count: state.usedBytes), AlignedBytes(count: scratch.usedBytes))
    (state, scratch) = (Arena(memory: stateMemory.bytes), Arena(memory: scratchMemory.bytes))
    let softmax = Softmax(classes: membrane.count, state: &state, scratch: &scratch)
    softmax.prepare()
    let probabilities = Scratch<UInt16>(count: membrane.count)
    softmax.step(membrane: membrane, classes: membrane.count, probabilities_q15: probabilities.pointer)
    return probabilities.values
  }

  private func oracle(_ membrane: [Int32]) -> [Double] {
    let largest = membrane.max()!
    let weights = membrane.map { exp(Double(Int64($0) - Int64(largest)) / 65536) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum * 32768 }
  }

  @Test(arguments: [1, 2, 3, 12, 35, 256])
  func isWithinItsStatedErrorOfTheExponential(_ classes: Int) {
    var random = SplitMix64(seed: UInt64(classes))
    var worst = 0.0
    var failures = 0
    for round in 0..<(20_000 / classes) {
      // Spreads from a hundredth to the whole range of a state.
      let shift = Int32(round % 22)
      let membrane = (0..<classes).map { _ in (Int32(truncatingIfNeeded: random.next()) >> 1) >> shift }
      let probabilities = softmax(membrane)
      let exact = oracle(membrane)
      for index in 0..<classes {
        let error = abs(Double(probabilities[index]) - exact[index])
        worst = max(worst, error)
        if error > statedError(exact[index] / 32768, classes: classes) { failures += 1 }
      }
      let sum = probabilities.reduce(0) { $0 + Int($1) }
      if abs(sum - 32768) > (classes + 1) / 2 { failures += 1 }
      // Order is kept: a larger potential never has a smaller probability.
      let order = membrane.indices.sorted { membrane[$0] < membrane[$1] }
      for (low, high) in zip(order, order.dropFirst()) where probabilities[low] > probabilities[high] { failures += 1 }
    }
    #expect(failures == 0)
    print("measured: softmax, \(classes) classes: largest error \(worst) of 32768")
  }

  /// Two classes, every distance up to where the smaller one vanishes.
  @Test func everyDistanceOfTwoClassesIsWithinTheStatedError() {
    var worst = 0.0
    for distance in stride(from: Int32(0), through: 13 << 16, by: 37) {
      let probabilities = softmax([0, -distance])
      worst = max(worst, abs(Double(probabilities[1]) - oracle([0, -distance])[1]))
    }
    print("measured: softmax, every distance of two classes: largest error \(worst) of 32768")
    #expect(worst <= 1.25)
  }

  @Test func extremes() {
    let limit = Int32(StateLimit.state)
    #expect(softmax([limit, -limit]) == [32768, 0])
    #expect(softmax([-limit, -limit]) == [16384, 16384])
    #expect(softmax([-limit]) == [32768])
    #expect(softmax([Int32](repeating: limit, count: 256)) == [UInt16](repeating: 128, count: 256))
    #expect(softmax([0, 0, 0]) == [10923, 10923, 10923])
  }

  @Test func theTableIsTheExponential() {
    for index in 0...256 {
      #expect(abs(Double(exponential_q15(index)) - 32768 * pow(2, -Double(index) / 256)) <= 0.5)
    }
  }
}
