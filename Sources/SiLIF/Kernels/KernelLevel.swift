#if canImport(CKernels)
  import CKernels
#endif

/// Which inner loops a network computes with: those in Swift, or their twins in C for an instruction set
/// (Sources/CKernels). All give the same bits. Chosen once, at set-up.
///
/// Where the engine is built without the C target, for a microcontroller, there is only Swift.
public struct KernelLevel: BitwiseCopyable, Sendable {
  /// 0 for Swift, else the C target's level.
  public let level: Int32

  /// The loops in Swift, which define what the others compute.
  public static var swift: KernelLevel { KernelLevel(level: 0) }

  /// The fastest that this processor runs.
  public static var best: KernelLevel {
    #if canImport(CKernels)
      KernelLevel(level: silif_best_level())
    #else
      .swift
    #endif
  }

  /// All that this processor runs.
  public static var available: [KernelLevel] {
    #if canImport(CKernels)
      (0...silif_highest_level()).map { KernelLevel(level: $0) }
    #else
      [.swift]
    #endif
  }

  public var name: String {
    switch level {
    case 0: "swift"
    case 1: "plain"
    case 2: "avx2"
    default: "avx512"
    }
  }

  var isC: Bool { @_noAllocation @_noLocks @inline(__always) get { level > 0 } }
}
