import Kernels
import TestSupport
import Testing

@testable import SiLIF

/// Sums of each C kernel against the Swift loops: every width of block, either weight width, all numbers of rows around
/// a flush of the Int16 tile.
@Suite struct InputKernelTests {
  private static let inputs = 600
  static let cases = KernelSet.available.dropFirst().flatMap { set in
    [16, 32, 48, 64, 80, 112, 128, 144, 256, 304].map { (set: set, width: $0) }
  }

  private func weights(_ width: Int, bits: Int, _ random: inout SplitMix64) -> [[Int]] {
    let greatest = (1 << (bits - 1)) - 1
    let least = -greatest - 1
    return (0..<Self.inputs).map { _ in
      (0..<width).map { output in
        switch output {
        case 0: greatest
        case width - 1: least
        default: Int.random(in: least...greatest, using: &random)
        }
      }
    }
  }

  @Test(arguments: cases)
  func spikesEqualTheirTwin(_ set: KernelSet, _ width: Int) throws {
    var random = SplitMix64(seed: UInt64(width))
    for bits in [4, 8, 16] {
      let layer = try LayerOfWeights(weights(width, bits: bits, &random), bits: bits)
      for count in [0, 1, 2, 3, 4, 5, 254, 255, 256, 509, 510, 511, 600] {
        let active = (0..<Self.inputs).map { UInt16($0) }.shuffled(using: &random).prefix(count).sorted()
        let tile = Scratch<Int16>(repeating: -1, count: width)
        let twin = Scratch<Int32>(repeating: -1, count: width)
        let kernel = Scratch<Int32>(repeating: -2, count: width)
        SpikeInput.accumulate(
          active: active, count: count, weights: layer.weights, tile: tile.pointer, into: twin.pointer)
        SpikeInput.accumulate(
          kernels: set.inC, active: active, count: count, weights: layer.weights, into: kernel.pointer)
        #expect(kernel.values == twin.values, "\(bits) bits, \(count) rows")
      }
    }
  }

  @Test(arguments: cases)
  func denseFramesEqualTheirTwin(_ set: KernelSet, _ width: Int) throws {
    var random = SplitMix64(seed: UInt64(width))
    for (bits, inputs) in [(4, 1), (4, 40), (4, 511), (8, 1), (8, 7), (8, 40), (8, 512), (16, 1), (16, 13)] {
      // 16-bit weights at full scale meet values that keep the sum within Int32, as the reader demands.
      let limit = bits <= 8 ? 32767 : 5000
      let rows = weights(width, bits: bits, &random).prefix(inputs)
      let layer = try LayerOfWeights(Array(rows), bits: bits, source: .frames)
      for round in 0..<12 {
        let frame = (0..<inputs).map { index -> Int16 in
          switch round {
          case 0: 0
          case 1: Int16(limit)
          case 2: Int16(index.isMultiple(of: 2) ? limit : -limit)
          default:
            Int.random(in: 0..<10, using: &random) < round ? 0 : Int16(Int.random(in: -limit...limit, using: &random))
          }
        }
        let nonZero = Scratch<UInt16>(count: inputs)
        let values = Scratch<Int16>(count: inputs)
        let twin = Scratch<Int32>(repeating: -1, count: width)
        let kernel = Scratch<Int32>(repeating: -2, count: width)
        DenseInput.accumulate(
          frame: frame, weights: layer.weights, nonZero: nonZero.pointer, values: values.pointer,
          into: twin.pointer)
        DenseInput.accumulate(
          kernels: set.inC, frame: frame, weights: layer.weights, nonZero: nonZero.pointer, into: kernel.pointer)
        #expect(kernel.values == twin.values, "\(bits) bits, \(inputs) inputs, round \(round)")
      }
    }
  }
}
