import Kernels

#if canImport(CKernels)
  import CKernels
#endif

/// How far `LogMelExtractor.accept` came.
public struct LogMelProgress: Equatable, Sendable {
  /// Samples taken from the start of the block.
  public let consumed_samples: Int
  /// Whether the frame was written. If not, the block is used up.
  public let isFrameReady: Bool
}

/// Turns a stream of samples into log-mel frames, one each hop once the first frame length has come in.
///
/// A handle to memory that the caller gives and that must outlive it, as must the settings' section: copies continue the same
/// stream.
///
/// Twins: Sources/CKernels/log_mel_body.h, Sources/CKernels/dsp.c, tools/silif_tools/integer/frontend.py, docs/FRONT-END.md
public struct LogMelExtractor {
  private let settings: LogMelSettings
  private let samples: UnsafeMutablePointer<Int16>
  private let spectrum: UnsafeMutablePointer<Int32>
  private let scratch: UnsafeMutablePointer<Int32>
  /// The same place as `scratch`.
  private let power: UnsafeMutablePointer<Int64>
  private let twiddles: Twiddles
  private let logarithm: Logarithm
  private let kernels: KernelSet
  /// Samples of the next frame that have come in.
  private let filled_samples: UnsafeMutablePointer<Int32>

  /// What the start of the memory must be a multiple of.
  public static var requiredAlignment: Int { LogMelMemoryLayout.alignment }

  /// Bytes of memory that `init(settings:memory:kernels:)` needs.
  public static func requiredBytes(for settings: LogMelSettings) -> Int { LogMelMemoryLayout(settings).totalBytes }

  /// So many bytes at the start of the memory hold nothing between two calls of `accept`: others may use them there.
  public static func scratchBytes(for settings: LogMelSettings) -> Int { LogMelMemoryLayout(settings).scratchBytes }

  /// - Parameters:
  ///   - settings: its section must outlive the extractor.
  ///   - memory: at least `requiredBytes`, aligned to `requiredAlignment`; what it holds does not matter.
  ///   - kernels: the inner loops to compute with, one of `KernelSet.available`; all give the same bits.
  public init(
    settings: LogMelSettings, memory: UnsafeMutableRawBufferPointer,
    kernels: KernelSet = .best
  ) {
    self.kernels = kernels
    let layout = LogMelMemoryLayout(settings)
    guard let base = memory.baseAddress, memory.count >= layout.totalBytes,
      UInt(bitPattern: base) % UInt(LogMelExtractor.requiredAlignment) == 0
    else { preconditionFailure("LogMelExtractor: memory is too small or not aligned") }
    self.settings = settings
    samples = (base + layout.samples).assumingMemoryBound(to: Int16.self)
    filled_samples = (base + layout.filled).assumingMemoryBound(to: Int32.self)
    spectrum = (base + layout.spectrum).assumingMemoryBound(to: Int32.self)
    scratch = (base + layout.scratch).assumingMemoryBound(to: Int32.self)
    power = (base + layout.scratch).assumingMemoryBound(to: Int64.self)
    twiddles = Twiddles(
      stage: (base + layout.stageTwiddles).assumingMemoryBound(to: Int32.self),
      split: (base + layout.splitTwiddles).assumingMemoryBound(to: Int32.self))
    logarithm = Logarithm(table: (base + layout.logarithm).assumingMemoryBound(to: Int32.self))
    reset()
  }

  /// Forgets all samples, as if just made.
  public func reset() { filled_samples.pointee = 0 }

  /// Consumes samples until a frame is complete or the block is used up.
  ///
  /// - Parameters:
  ///   - block: the next samples, any number.
  ///   - frame: `bandCount` values, written when a frame is ready.
  @_noAllocation @_noLocks
  public func accept(
    _ block: UnsafeBufferPointer<Int16>, frame: UnsafeMutablePointer<Int16>
  ) -> LogMelProgress {
    guard let start = block.baseAddress else { return LogMelProgress(consumed_samples: 0, isFrameReady: false) }
    let length = settings.frameLength_samples
    let filled = Int(filled_samples.pointee)
    let taken = min(length &- filled, block.count)
    copy(from: start, to: samples + filled, count: taken)
    filled_samples.pointee = Int32(truncatingIfNeeded: filled &+ taken)
    guard filled &+ taken == length else { return LogMelProgress(consumed_samples: taken, isFrameReady: false) }
    write(frame)
    let kept = length &- settings.hop_samples
    filled_samples.pointee = Int32(truncatingIfNeeded: kept)
    copy(from: samples + settings.hop_samples, to: samples, count: kept)
    return LogMelProgress(consumed_samples: taken, isFrameReady: true)
  }

  @_noAllocation @_noLocks
  private func write(_ frame: UnsafeMutablePointer<Int16>) {
    let count = settings.frameLength_samples
    let preemphasis_q15 = settings.preemphasis_q15
    let mean_q15 = meanTerm_q15(samples, count: count, preemphasis_q15: preemphasis_q15)
    let shift: Int32
    #if canImport(CKernels)
      if kernels.isC {
        let kernels = kernels.inC
        let magnitude = silif_emphasise(kernels, samples, count, preemphasis_q15, mean_q15, scratch)
        shift = blockShift(magnitudeBits: magnitudeBits(magnitude))
        silif_window(kernels, scratch, count &>> 1, settings.window_q24, 24 &- shift, spectrum)
        silif_transform256(kernels, spectrum, scratch, twiddles.stage)
        silif_power(kernels, spectrum, twiddles.split, power)
      } else {
        shift = writePower(mean_q15)
      }
    #else
      shift = writePower(mean_q15)
    #endif
    settings.writeLogEnergies(of: power, blockShift: shift, logarithm: logarithm, to: frame)
  }

  /// - Returns: the block shift.
  @_noAllocation @_noLocks
  private func writePower(_ mean_q15: Int32) -> Int32 {
    let count = settings.frameLength_samples
    let magnitude = emphasise(
      samples, count: count, preemphasis_q15: settings.preemphasis_q15, meanTerm_q15: mean_q15, to: scratch)
    let shift = blockShift(magnitudeBits: magnitudeBits(magnitude))
    window(scratch, count: count, settings.window_q24, blockShift: shift, to: spectrum)
    transformComplex256(spectrum, scratch: scratch, twiddles: twiddles.stage)
    powerSpectrum(spectrum, splitTwiddles: twiddles.split, to: power)
    return shift
  }
}

/// Forwards, so that the two may overlap when samples move down. (`update(from:count:)` allocates in a debug build.)
@_noAllocation @_noLocks
private func copy(from: UnsafePointer<Int16>, to: UnsafeMutablePointer<Int16>, count: Int) {
  for i in 0..<count { to[i] = from[i] }
}
