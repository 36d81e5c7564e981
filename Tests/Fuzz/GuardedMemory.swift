import Glibc

/// Memory between two zones that nobody may touch: whoever reads or writes beyond an end, in C too, gets a signal.
final class GuardedMemory {
  /// At a multiple of `alignment`; its end, rounded up to that, is the beginning of a zone.
  let bytes: UnsafeMutableRawBufferPointer
  private let whole: UnsafeMutableRawPointer
  private let wholeCount: Int

  private static let page = 4096

  init(byteCount: Int, alignment: Int = 64) {
    let inner = (byteCount + GuardedMemory.page - 1) / GuardedMemory.page * GuardedMemory.page
    wholeCount = inner + 2 * GuardedMemory.page
    whole = mmap(nil, wholeCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    let start = whole + GuardedMemory.page
    mprotect(start, inner, PROT_READ | PROT_WRITE)
    let used = (byteCount + alignment - 1) / alignment * alignment
    bytes = UnsafeMutableRawBufferPointer(start: start + (inner - used), count: byteCount)
  }

  deinit { munmap(whole, wholeCount) }
}
