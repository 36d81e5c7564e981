/// Where everything lies in the memory that the caller gives: what is asked for is what is used.
struct LogMelMemoryLayout {
  /// A cache line: no row of a vector register straddles two tables.
  static var alignment: Int { 64 }

  let spectrum: Int
  let scratch: Int
  let scratchBytes: Int
  let samples: Int
  /// An Int32 behind the samples.
  let filled: Int
  let stageTwiddles: Int
  let splitTwiddles: Int
  let logarithm: Int
  let totalBytes: Int

  init(_ settings: LogMelSettings) {
    var end = 0
    func place(bytes: Int) -> Int {
      let start = end
      let mask = LogMelMemoryLayout.alignment - 1
      end = (start + bytes + mask) & ~mask
      return start
    }
    spectrum = place(bytes: 8 * FFT.complexCount)
    // Holds, one after another, the emphasised frame, the FFT's other buffer, and the power of each bin.
    scratch = place(bytes: 8 * FFT.complexCount)
    // From here on it must stay from frame to frame.
    scratchBytes = end
    let samplesBytes = (2 * settings.frameLength_samples + 3) & ~3
    samples = place(bytes: samplesBytes + 4)
    filled = samples + samplesBytes
    stageTwiddles = place(bytes: 4 * Twiddles.stageCount)
    splitTwiddles = place(bytes: 4 * Twiddles.splitCount)
    logarithm = place(bytes: 4 * Logarithm.entryCount)
    totalBytes = end
  }
}
