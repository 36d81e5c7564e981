/// Memory of a size that is settled at set-up: no reference counts, no growth, no checks on the read path.
struct FixedBuffer<Element: BitwiseCopyable>: ~Copyable {
  let start: UnsafeMutablePointer<Element>
  let count: Int

  init(count: Int, filledWith value: Element) {
    self.count = count
    start = .allocate(capacity: Swift.max(count, 1))
    start.initialize(repeating: value, count: count)
  }

  deinit { start.deallocate() }
}

/// Copies samples, front to back: source and target may overlap if the target comes first. (Neither `update(from:count:)` nor
/// memmove is known to the compiler to be free of allocation.)
@_noAllocation @_noLocks
@inline(__always)
func copySamples(_ source: UnsafePointer<Int16>, to target: UnsafeMutablePointer<Int16>, count: Int) {
  for at in 0..<count { target[at] = source[at] }
}
