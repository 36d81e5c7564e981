import Glibc

/// Measures how much stack something takes: it runs on a thread whose stack is painted, and what lost its paint was used.
enum PaintedStack {
  private static let stackBytes = 1 << 20
  private static let paint: UInt8 = 0xC5

  private final class Task {
    let body: @Sendable () -> Void
    var entry: UInt = 0
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Bytes of stack below the call of `body`; nil where the system gives no thread.
  static func use(_ body: @escaping @Sendable () -> Void) -> Int? {
    let stack = UnsafeMutableRawBufferPointer.allocate(byteCount: stackBytes, alignment: 1 << 16)
    defer { stack.deallocate() }
    stack.initializeMemory(as: UInt8.self, repeating: paint)
    let task = Task(body)
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return nil }
    defer { pthread_attr_destroy(&attributes) }
    guard pthread_attr_setstack(&attributes, stack.baseAddress!, stack.count) == 0 else { return nil }
    var thread = pthread_t()
    let created = pthread_create(
      &thread, &attributes,
      { argument in
        let task = Unmanaged<Task>.fromOpaque(argument!).takeUnretainedValue()
        withUnsafePointer(to: task) { task.entry = UInt(bitPattern: $0) }
        task.body()
        return nil
      }, Unmanaged.passUnretained(task).toOpaque())
    guard created == 0 else { return nil }
    pthread_join(thread, nil)
    let untouched = stack.firstIndex { $0 != paint } ?? stack.count
    let lowest = UInt(bitPattern: stack.baseAddress!) + UInt(untouched)
    return task.entry > lowest ? Int(task.entry - lowest) : 0
  }
}
