/// Has all threads share one heap. Else each reserves 64 MB of addresses for its own, which count where addresses or locked memory
/// are limited.
package func shareOneHeap() { _ = setAllocatorOption(-8, 1) }  // M_ARENA_MAX

/// `mallopt` of malloc.h, which Swift's Glibc leaves out.
@_silgen_name("mallopt") private func setAllocatorOption(_ option: Int32, _ value: Int32) -> Int32
