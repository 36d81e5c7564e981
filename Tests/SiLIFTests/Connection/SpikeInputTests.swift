import TestSupport
import Testing

@testable import SiLIF

@Suite struct SpikeInputTests {
  private func sums(_ layer: LayerOfWeights, active: [Int]) -> [Int32] {
    let width = layer.weights.width
    let tile = Scratch<Int16>(repeating: -1, count: width)
    let sums = Scratch<Int32>(repeating: -1, count: width)
    SpikeInput.accumulate(
      active: active.map(UInt16.init), count: active.count, weights: layer.weights, tile: tile.pointer,
      into: sums.pointer)
    return sums.values
  }

  private func oracle(_ weights: [[Int]], active: [Int]) -> [Int32] {
    (0..<weights[0].count).map { output in Int32(active.reduce(0) { $0 + weights[$1][output] }) }
  }

  /// Around every flush of the Int16 tile, with the largest weights of either sign and random ones.
  @Test(arguments: [0, 1, 2, 3, 4, 5, 253, 254, 255, 256, 257, 509, 510, 511, 512, 600])
  func exactAroundEveryFlushOfTheTile(_ count: Int) throws {
    var random = SplitMix64(seed: UInt64(count))
    let weights = (0..<600).map { _ in
      [127, -127, -128] + (0..<29).map { _ in Int.random(in: -128...127, using: &random) }
    }
    let layer = try LayerOfWeights(weights)
    let active = Array((0..<600).shuffled(using: &random).prefix(count).sorted())
    #expect(sums(layer, active: active) == oracle(weights, active: active))
  }

  /// The loop for words of 32 bits, wherever the tests run.
  @Test(arguments: [0, 1, 2, 255, 256, 257, 258, 513, 514, 515, 600])
  func exactInWordsAroundEveryFlush(_ count: Int) throws {
    var random = SplitMix64(seed: UInt64(count))
    let weights = (0..<600).map { _ in
      [127, -127, -128] + (0..<29).map { _ in Int.random(in: -128...127, using: &random) }
    }
    let layer = try LayerOfWeights(weights)
    let active = Array((0..<600).shuffled(using: &random).prefix(count).sorted())
    let sums = Scratch<Int32>(repeating: -1, count: layer.weights.width)
    WordRows.accumulate(
      layer.weights.rows.assumingMemoryBound(to: Int8.self), active: active.map(UInt16.init), count: count,
      width: layer.weights.width, into: sums.pointer)
    #expect(sums.values == oracle(weights, active: active))
  }

  @Test(arguments: [0, 1, 5, 300])
  func exactWith16BitWeights(_ count: Int) throws {
    var random = SplitMix64(seed: UInt64(count))
    let weights = (0..<300).map { _ in
      [32767, -32767, -32768] + (0..<13).map { _ in Int.random(in: -32768...32767, using: &random) }
    }
    let layer = try LayerOfWeights(weights, bits: 16)
    let active = Array((0..<300).shuffled(using: &random).prefix(count))
    #expect(sums(layer, active: active) == oracle(weights, active: active))
  }

  /// Rows of one, two and three vectors, whose halves are whole and half vectors, with nibbles of either sign.
  @Test(arguments: [0, 1, 3, 4, 5, 300], [16, 32, 48, 272])
  func exactWith4BitWeights(_ count: Int, _ width: Int) throws {
    var random = SplitMix64(seed: UInt64(count + width))
    let weights = (0..<300).map { _ in (0..<width).map { _ in Int.random(in: -8...7, using: &random) } }
    let layer = try LayerOfWeights(weights, bits: 4)
    let active = Array((0..<300).shuffled(using: &random).prefix(count))
    #expect(sums(layer, active: active) == oracle(weights, active: active))
  }

  /// The tile of 4-bit rows takes all but one of the inputs that a layer may have.
  @Test(arguments: [4094, 4095, 4096])
  func exactAroundTheFlushOf4BitRows(_ count: Int) throws {
    let weights = (0..<4096).map { input in [-8, 7] + (0..<12).map { (input * 7 + $0 * 5) % 16 - 8 } + [7, -8] }
    let layer = try LayerOfWeights(weights, bits: 4)
    let active = Array(0..<count)
    #expect(sums(layer, active: active) == oracle(weights, active: active))
  }

  @Test func theOrderOfSpikesDoesNotMatter() throws {
    var random = SplitMix64(seed: 1)
    let weights = (0..<600).map { _ in (0..<16).map { _ in Int.random(in: -128...127, using: &random) } }
    let layer = try LayerOfWeights(weights)
    let active = Array(0..<600)
    #expect(sums(layer, active: active) == sums(layer, active: active.reversed()))
  }

  /// 255 rows of the most negative weight are what fills a tile.
  @Test func aFullTileStaysWithinInt16() {
    #expect(SpikeInput.rowsPerTile * 128 <= Int(Int16.max))
    #expect(NibbleRows.rowsPerTile * 8 <= Int(Int16.max))
    #expect(WordRows.rowsPerTile * 255 <= Int(UInt16.max))
  }
}
