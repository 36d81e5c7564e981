import TestSupport
import Testing

@testable import SiLIF

/// Draws that replay: Philox against its published answers, frequencies, and what they depend on.
@Suite struct SamplingTests {
  /// Random123's known answers (kat_vectors) for philox4x32, 10 rounds.
  @Test func philoxMakesThePublishedAnswers() {
    let all = UInt32.max
    for (counter, key, answer) in [
      ([0, 0, 0, 0], 0, [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
      ([all, all, all, all], UInt64.max, [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]),
      (
        [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], 0x299F_31D0_A409_3822,
        [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]
      ),
    ] as [([UInt32], UInt64, [UInt32])] {
      #expect(Philox.words(words(counter), key: key) == words(answer))
    }
  }

  private func words(_ list: [UInt32]) -> PhiloxWords {
    PhiloxWords(first: list[0], second: list[1], third: list[2], fourth: list[3])
  }

  /// A block whose inputs count for nothing: what drives its state spaces fires with the probability that is its bias.
  private func block(of neurons: Int, bias_q16: Int32, sampler: Sampler) throws -> LoneLayer {
    var section = LayerSection(
      LayerHeader(kind: .pSpikeSSM, source: .stream, inputs: neurons, outputs: neurons, statePairs: 1))
    section.fill("input_bias", [Int64](repeating: Int64(bias_q16), count: neurons))
    return try LoneLayer(section, inputLimit: 1, kernels: .best, sampler: sampler)
  }

  /// Over 10^6 draws, within 4 standard errors of P / 2^16; exact at 0 and 1; neighbours in neuron and in step uncorrelated.
  @Test(arguments: [0, 1, 6554, 32_768, 65_535, 65_536] as [Int32])
  func frequenciesAreTheProbabilities(_ p_q16: Int32) throws {
    let (steps, neurons) = (15_625, 64)
    let layer = try block(of: neurons, bias_q16: p_q16, sampler: .draws)
    let nothing = [Int16](repeating: 0, count: neurons)
    let (count, p) = (Double(steps * neurons), Double(p_q16) / 65_536)
    var (spikes, beside, after) = (0, 0, 0)
    var last = [Int](repeating: 0, count: neurons)
    for step in 0..<steps {
      _ = layer.step(nothing)
      let row = layer.taken.map(Int.init)
      spikes += row.reduce(0, +)
      for neuron in 1..<neurons { beside += row[neuron] * row[neuron - 1] }
      if step > 0 { for neuron in 0..<neurons { after += row[neuron] * last[neuron] } }
      last = row
    }
    // Of pairs both fire with p²; p²(1 - p²) is the variance of one pair, and pairs that share a neuron add to it.
    func isNear(_ found: Int, _ probability: Double, _ draws: Double, shared: Double) -> Bool {
      let variance = probability * (1 - probability) + shared
      return abs(Double(found) - probability * draws) <= 4 * (variance * draws).squareRoot()
    }
    let shared = 2 * (p * p * p - p * p * p * p)
    #expect(isNear(spikes, p, count, shared: 0))
    #expect(isNear(beside, p * p, Double(steps * (neurons - 1)), shared: shared))
    #expect(isNear(after, p * p, Double((steps - 1) * neurons), shared: shared))
    if p_q16 == 0 { #expect(spikes == 0) }
    if p_q16 == 65_536 { #expect(spikes == steps * neurons) }
  }

  /// One number for all neurons; and without numbers as many spikes as the probabilities add up to, to within a half.
  @Test(arguments: [0, 1, 6554, 32_768, 65_535, 65_536] as [Int32])
  func theOtherSamplersKeepTheProbabilities(_ p_q16: Int32) throws {
    let (steps, neurons, p) = (4_000, 16, Double(p_q16) / 65_536)
    let shared = try block(of: neurons, bias_q16: p_q16, sampler: .shared)
    let fedBack = try block(of: neurons, bias_q16: p_q16, sampler: .feedback)
    let nothing = [Int16](repeating: 0, count: neurons)
    var (together, spikes) = (0, 0)
    for step in 1...steps {
      _ = (shared.step(nothing), fedBack.step(nothing))
      try #require(Set(shared.taken).count == 1 && Set(fedBack.taken).count == 1)
      together += Int(shared.taken[0])
      spikes += Int(fedBack.taken[0])
      try #require(abs(Double(spikes) - Double(step) * p) <= 0.5)
    }
    #expect(abs(Double(together) - Double(steps) * p) <= 4 * (Double(steps) * p * (1 - p)).squareRoot() + 1)
  }

  private func digest(_ network: Network, _ frames: [Int16], steps: Range<Int>) -> UInt64 {
    var digest = FNV1a()
    let width = network.header.inputCount
    frames.withUnsafeBufferPointer { frames in
      for step in steps {
        network.step(frames.baseAddress! + step * width)
        network.updateDigest(&digest)
      }
    }
    return digest.value
  }

  /// The same seed, the same bits: after a reset, in another network; another seed, other bits, and back.
  @Test(arguments: ["pspike-w8", "pspike-shared", "pspike-feedback"])
  func aSeedReplays(_ name: String) throws {
    let loaded = try LoadedModel(MutableModelFile(golden: name).bytes)
    let (one, two) = (RunningNetwork(loaded), RunningNetwork(loaded))
    let frames = Array(loaded.model.selfTest.values)
    let steps = 0..<loaded.model.selfTest.step_count
    let seed = try #require(loaded.model.sampling).seed
    let first = digest(one.network, frames, steps: steps)
    #expect(first == loaded.model.selfTest.digest)
    one.network.reset()
    #expect(digest(one.network, frames, steps: steps) == first)
    _ = digest(two.network, frames, steps: 0..<7)
    two.network.setSeed(seed &+ 1)
    two.network.reset()
    let other = digest(two.network, frames, steps: steps)
    let draws = name != "pspike-feedback"
    #expect((other != first) == draws)
    #expect(two.network.seed == (draws ? seed &+ 1 : nil))
    two.network.reset()
    #expect(digest(two.network, frames, steps: steps) == other)
    two.network.setSeed(seed)
    two.network.reset()
    #expect(digest(two.network, frames, steps: steps) == first)
  }

  /// The section is there exactly where a layer samples, and holds what is known.
  @Test func aBrokenSectionIsRefusedByName() throws {
    let whole = try MutableModelFile(golden: "pspike-w8")
    func refusal(_ change: (inout MutableModelFile, Int) -> Void) -> ModelError? {
      var file = whole
      change(&file, file.start("SMPL"))
      file.repairChecksum()
      return file.error()
    }
    #expect(refusal { _, _ in } == nil)
    #expect(refusal { $0.set(UInt16(9), at: $1) } == ModelError(.outOfRange, "sampler", value: 9))
    #expect(refusal { $0.set(UInt16(8), at: $1 + 2) } == ModelError(.outOfRange, "draw_bits", value: 8))
    #expect(refusal { $0.set(Int32(1), at: $1 + 4) } == ModelError(.outOfRange, "reserved", value: 1))
    // Sections with other tags are ignored, and so is this one then.
    #expect(refusal { file, _ in file.set(UInt8(0x58), at: file.entry("SMPL")) } == ModelError(.missing, "SMPL"))
  }
}
