#if canImport(CKernels)
  import CKernels
#endif

/// Which inner loops to compute with: those in Swift, or their twins in C for an instruction set (Sources/CKernels). All give
/// the same bits. Chosen once, at set-up, for engine and front end alike.
///
/// Where a build leaves out the C target, for a microcontroller, there is only Swift.
///
/// Twins: Sources/CKernels/include/CKernels.h
public struct KernelSet: BitwiseCopyable, @unchecked Sendable {
  // Unchecked, because pointers are not Sendable: what it points to is constant.

  #if canImport(CKernels)
    /// Whether to call the functions in C.
    ///
    /// A flag beside the pointer, because Swift 6.0.3 crashes where a step function unwraps an optional pointer out of a struct.
    public let isC: Bool
    @usableFromInline let table: UnsafePointer<silif_kernels>?

    /// The functions in C. Only where `isC`.
    @inlinable
    public var inC: UnsafePointer<silif_kernels> {
      @_noAllocation @_noLocks @inline(__always) get { table.unsafelyUnwrapped }
    }

    /// The fastest that this processor runs.
    public static var best: KernelSet { KernelSet(inC: silif_best_kernel_set()) }

    /// All that this processor runs, `swift` first.
    public static var available: [KernelSet] {
      var sets = [KernelSet.swift]
      while let next = silif_kernel_set(sets.count - 1) { sets.append(KernelSet(inC: next)) }
      return sets
    }

    /// The loops in Swift, which define what the others compute.
    public static var swift: KernelSet { KernelSet(inC: nil) }

    /// By which `kws-bench --kernels` knows it: swift, plain, avx2, avx512.
    public var name: String { isC ? String(cString: inC.pointee.name) : "swift" }

    private init(inC table: UnsafePointer<silif_kernels>?) {
      isC = table != nil
      self.table = table
    }
  #else
    /// The fastest that this processor runs.
    public static var best: KernelSet { .swift }

    /// The loops in Swift, which define what the others compute.
    public static var swift: KernelSet { KernelSet() }

    private init() {}
  #endif
}
