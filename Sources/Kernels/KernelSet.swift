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
    /// Address of the table of functions; 0 for the loops in Swift.
    ///
    /// No optional pointer, because Swift 6.0.3 crashes where a step function unwraps one out of a struct.
    @usableFromInline let address: UInt

    /// Whether to call the functions in C. Known to the compiler where there is one set alone.
    @inlinable
    public var isC: Bool {
      @_noAllocation @_noLocks @inline(__always) get { SILIF_HAS_ONE_SET != 0 || address != 0 }
    }

    /// The functions in C. Only where `isC`.
    @inlinable
    public var inC: UnsafePointer<silif_kernels> {
      @_noAllocation @_noLocks @inline(__always) get { UnsafePointer(bitPattern: address).unsafelyUnwrapped }
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

    /// By which `kws-bench --kernels` knows it: swift, plain, avx2, avx512, neon, dsp.
    public var name: String { isC ? String(cString: inC.pointee.name) : "swift" }

    private init(inC table: UnsafePointer<silif_kernels>?) { address = UInt(bitPattern: table) }
  #else
    /// The fastest that this processor runs.
    public static var best: KernelSet { .swift }

    /// The loops in Swift, which define what the others compute.
    public static var swift: KernelSet { KernelSet() }

    private init() {}
  #endif
}
