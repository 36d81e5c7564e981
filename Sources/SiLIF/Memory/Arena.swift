/// Hands out pieces of one block of memory, and, without a block, only counts them: so the function that reserves the
/// memory of a network is also the one that says how much it needs.
struct Arena {
  /// Rows of a vector register or a cache line never straddle two pieces.
  static let alignment = 64

  private let base: UnsafeMutableRawPointer?
  private(set) var usedBytes = 0
  /// Of these, what delay rings take.
  private(set) var ringBytes = 0

  /// Counts only.
  init() { base = nil }

  /// - Parameter memory: at least the counted bytes, aligned to `Arena.alignment`, zeroed by `reserve`.
  init(memory: UnsafeMutableRawBufferPointer) { base = memory.baseAddress }

  /// Reserves `count` zeroed elements. The result must not be dereferenced when the arena only counts.
  mutating func reserve<Element: FixedWidthInteger>(
    _ type: Element.Type, _ count: Int
  ) -> UnsafeMutablePointer<Element> {
    let start = usedBytes
    let size = count * MemoryLayout<Element>.stride
    usedBytes = (start + size + Arena.alignment - 1) / Arena.alignment * Arena.alignment
    guard let base else {
      // Never read or written: a non-null marker keeps the layers' pointers non-optional.
      return UnsafeMutablePointer(bitPattern: Arena.alignment).unsafelyUnwrapped
    }
    let piece = (base + start).bindMemory(to: type, capacity: count)
    piece.initialize(repeating: 0, count: count)
    return piece
  }

  /// Places a value in the block. The result must not be dereferenced when the arena only counts.
  mutating func place<Value: BitwiseCopyable>(_ value: Value) -> UnsafePointer<Value> {
    let place = reserveValues(Value.self, 1)
    if base != nil { place.initialize(to: value) }
    return UnsafePointer(place)
  }

  /// Notes that what was reserved since `start` used bytes is a delay ring.
  mutating func countRing(since start: Int) { ringBytes += usedBytes - start }

  /// Reserves room for values that the caller initializes; trivial types only, since nothing deinitializes them.
  mutating func reserveValues<Value: BitwiseCopyable>(_ type: Value.Type, _ count: Int) -> UnsafeMutablePointer<Value> {
    let start = usedBytes
    let size = count * MemoryLayout<Value>.stride
    usedBytes = (start + size + Arena.alignment - 1) / Arena.alignment * Arena.alignment
    guard let base else { return UnsafeMutablePointer(bitPattern: Arena.alignment).unsafelyUnwrapped }
    return (base + start).bindMemory(to: type, capacity: count)
  }
}
