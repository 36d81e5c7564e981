/// The FFT's roots of unity, Q30, laid out in the order in which the loops read them.
struct Twiddles {
  /// cos and -sin of 2π·k·p/256 for p = 0...63, three pairs of rows: k = 1, 2, 3.
  let stage: UnsafePointer<Int32>
  /// cos, then -sin, of 2π·i/512 for i = 0...127.
  let split: UnsafePointer<Int32>

  static var stageCount: Int { 6 * FFT.butterflyCount }
  static var splitCount: Int { FFT.binCount }

  init(stage: UnsafeMutablePointer<Int32>, split: UnsafeMutablePointer<Int32>) {
    for p in 0..<FFT.butterflyCount {
      for k in 1...3 {
        stage[(2 * k - 2) * FFT.butterflyCount + p] = cosine_q30(2 * k * p)
        stage[(2 * k - 1) * FFT.butterflyCount + p] = -sine_q30(2 * k * p)
      }
    }
    for i in 0..<FFT.binCount / 2 {
      split[i] = cosine_q30(i)
      split[FFT.binCount / 2 + i] = -sine_q30(i)
    }
    self.stage = UnsafePointer(stage)
    self.split = UnsafePointer(split)
  }
}

/// sin(2π·index/512), index not negative.
func sine_q30(_ index: Int) -> Int32 {
  let turn = index % 512
  let half = turn % 256
  let magnitude = quarterSine_q30(half <= 128 ? half : 256 - half)
  return turn < 256 ? magnitude : -magnitude
}

func cosine_q30(_ index: Int) -> Int32 { sine_q30(index + 128) }
