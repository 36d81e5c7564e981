import CKernels
import Kernels
import TestSupport
import Testing

@testable import LogMel

/// Each stage in C, in each set that this machine runs, against the Swift loop that defines it.
@Suite struct KernelTests {
  static let sets = KernelSet.available.dropFirst()
  /// In memory that stays.
  private nonisolated(unsafe) static let allTwiddles = {
    let memory = UnsafeMutablePointer<Int32>.allocate(capacity: Twiddles.stageCount + Twiddles.splitCount)
    return Twiddles(stage: memory, split: memory + Twiddles.stageCount)
  }()
  private var twiddles: Twiddles { Self.allTwiddles }

  @Test(arguments: sets)
  func emphasisEqualsItsTwin(_ set: KernelSet) {
    var random = SplitMix64(seed: 1)
    for count in [2, 3, 17, 400, 512] {
      for round in 0..<20 {
        let samples = (0..<count).map { index -> Int16 in
          switch round {
          case 0: .max
          case 1: .min
          case 2: index.isMultiple(of: 2) ? .min : .max
          default: Int16.random(in: .min ... .max, using: &random)
          }
        }
        for preemphasis in [Int32(0), 31785, 32768] {
          let mean = meanTerm_q15(samples, count: count, preemphasis_q15: preemphasis)
          var twin = [Int32](repeating: 1, count: count)
          var kernel = [Int32](repeating: 2, count: count)
          let want = emphasise(samples, count: count, preemphasis_q15: preemphasis, meanTerm_q15: mean, to: &twin)
          #expect(silif_emphasise(set.inC, samples, count, preemphasis, mean, &kernel) == want)
          #expect(kernel == twin)
        }
      }
    }
  }

  @Test(arguments: sets)
  func windowingEqualsItsTwin(_ set: KernelSet) {
    var random = SplitMix64(seed: 2)
    for (count, shift) in [(2, 32), (40, 16), (398, 24), (400, 19), (512, 31)] {
      // Within ±2^(shift + 7), as the block shift makes them.
      let limit = Int64(min(1 << (shift + 7), Int(Int32.max)))
      let samples = (0..<count).map { index in
        Int32(index % 5 == 0 ? limit : Int64.random(in: -limit...limit, using: &random))
      }
      let window = (0..<count).map { index in index % 3 == 0 ? 1 << 24 : Int32.random(in: 0...1 << 24, using: &random) }
      var twin = [Int32](repeating: 1, count: 512)
      var kernel = [Int32](repeating: 2, count: 512)
      LogMel.window(samples, count: count, window, blockShift: 24 - Int32(shift), to: &twin)
      silif_window(set.inC, samples, count / 2, window, Int32(shift), &kernel)
      #expect(kernel == twin)
    }
  }

  /// Magnitudes that add up to just below the limit: few large ones, many small ones, one alone.
  @Test(arguments: sets)
  func transformAndPowerEqualTheirTwins(_ set: KernelSet) {
    var random = SplitMix64(seed: 3)
    for round in 0..<60 {
      // The window's limits give each half of the frame at most 127.5·2^23.
      let used = [1, 2, 16, 255, 256][round % 5]
      let limit = Int32(Int64(255) << 22) / Int32(used)
      var data = [Int32](repeating: 0, count: 512)
      for index in 0..<used {
        for place in [index, index + 256] {
          data[place] =
            round % 3 == 0
            ? (Bool.random(using: &random) ? limit : -limit) : Int32.random(in: -limit...limit, using: &random)
        }
      }
      var twin = data
      var kernel = data
      var scratch = [Int32](repeating: 7, count: 512)
      transformComplex256(&twin, scratch: &scratch, twiddles: twiddles.stage)
      silif_transform256(set.inC, &kernel, &scratch, twiddles.stage)
      #expect(kernel == twin)
      var twinPower = [Int64](repeating: 1, count: 256)
      var kernelPower = [Int64](repeating: 2, count: 256)
      powerSpectrum(twin, splitTwiddles: twiddles.split, to: &twinPower)
      silif_power(set.inC, kernel, twiddles.split, &kernelPower)
      #expect(kernelPower == twinPower)
    }
  }
}
