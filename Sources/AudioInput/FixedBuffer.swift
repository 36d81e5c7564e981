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
