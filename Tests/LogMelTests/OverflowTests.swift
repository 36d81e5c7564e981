import Foundation
import Testing

@testable import LogMel

/// The worst that the bounds in docs/FRONT-END.md allow, against transforms in Double: a value that wrapped would be off
/// by 2^32.
@Suite struct OverflowTests {
  /// Inputs whose magnitudes add up to just under 2^31 - 2^16, the limit of `transformComplex256`.
  static let limit = 0x1p31 - 0x1p16 - 1024

  static func worstInputs() -> [[(re: Double, im: Double)]] {
    var inputs: [[(re: Double, im: Double)]] = []
    // All of it in one place, along each axis and between them.
    for place in [0, 1, 63, 64, 128, 255] {
      for (re, im) in [(1.0, 0.0), (-1, 0), (0, 1), (0, -1), (0.7071, 0.7071), (-0.7071, -0.7071)] {
        var input = [(re: Double, im: Double)](repeating: (0, 0), count: 256)
        input[place] = (re * limit, im * limit)
        inputs.append(input)
      }
    }
    // Spread evenly and turned so that everything lines up in one bin, in each direction.
    for bin in [0, 1, 37, 64, 127, 128, 192, 255] {
      for direction in 0..<8 {
        inputs.append(
          (0..<256).map { n in
            let angle = 2 * Double.pi * (Double(bin * n) / 256 + Double(direction) / 8)
            return (cos(angle) * limit / 256, sin(angle) * limit / 256)
          })
      }
    }
    return inputs
  }

  @Test func transformStaysInInt32() {
    let memory = UnsafeMutablePointer<Int32>.allocate(capacity: 1024 + Twiddles.stageCount + Twiddles.splitCount)
    defer { memory.deallocate() }
    let twiddles = Twiddles(stage: memory + 1024, split: memory + 1024 + Twiddles.stageCount)
    for input in OverflowTests.worstInputs() {
      for n in 0..<256 {
        memory[n] = Int32(input[n].re.rounded(.towardZero))
        memory[n + 256] = Int32(input[n].im.rounded(.towardZero))
      }
      let exact = (0..<256).map { (re: Double(memory[$0]), im: Double(memory[$0 + 256])) }
      transformComplex256(memory, scratch: memory + 512, twiddles: twiddles.stage)
      for k in 0..<256 {
        var re = 0.0
        var im = 0.0
        for n in 0..<256 where exact[n].re != 0 || exact[n].im != 0 {
          let angle = -2 * Double.pi * Double(k * n % 256) / 256
          re += exact[n].re * cos(angle) - exact[n].im * sin(angle)
          im += exact[n].re * sin(angle) + exact[n].im * cos(angle)
        }
        #expect(abs(Double(memory[k]) - re) < 64 && abs(Double(memory[k + 256]) - im) < 64)
      }
    }
  }

  @Test func emphasisStaysInInt32() {
    let output = UnsafeMutablePointer<Int32>.allocate(capacity: 512)
    defer { output.deallocate() }
    for count in [2, 400, 512] {
      for preemphasis in [0, 1, 31_785, 32_767, 32_768] as [Int64] {
        for (last, others) in [(32_767, -32_768), (-32_768, 32_767), (32_767, 32_767)] as [(Int16, Int16)] {
          var samples = [Int16](repeating: others, count: count)
          samples[count - 1] = last
          let mean_q15 = meanTerm_q15(samples, count: count, preemphasis_q15: Int32(preemphasis))
          let bits = magnitudeBits(
            emphasise(
              samples, count: count, preemphasis_q15: Int32(preemphasis), meanTerm_q15: mean_q15, to: output))
          let sum = samples.reduce(Int64(0)) { $0 + Int64($1) }
          let numerator = 2 * (32_768 - preemphasis) * sum + Int64(count)
          let mean = Int64((Double(numerator) / Double(2 * count)).rounded(.down))
          for i in 0..<count {
            let want = Int64(samples[i]) * 32_768 - Int64(samples[max(i - 1, 0)]) * preemphasis - mean
            #expect(Int64(output[i]) == want)
            #expect(want >= -(1 << Int64(bits)) && want < 1 << Int64(bits))
          }
        }
      }
    }
  }
}
