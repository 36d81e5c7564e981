import Synchronization

/// Events from one thread to another without locks or allocation: one writes, one reads.
final class EventRing: Sendable {
  /// A power of two: positions run on for ever and wrap by masking.
  static let capacity = 256

  private nonisolated(unsafe) let slots: UnsafeMutablePointer<ListenEvent>
  /// Events ever written; only the writer changes it.
  private let written = Atomic<Int>(0)
  /// Events ever read; only the reader changes it.
  private let read = Atomic<Int>(0)

  init() {
    slots = .allocate(capacity: EventRing.capacity)
    slots.initialize(repeating: .deviceLost(.absent, position: 0), count: EventRing.capacity)
  }

  deinit { slots.deallocate() }

  /// For the writing thread. False when the ring is full.
  func push(_ event: ListenEvent) -> Bool {
    let position = written.load(ordering: .relaxed)
    guard position &- read.load(ordering: .acquiring) < EventRing.capacity else { return false }
    slots[position & (EventRing.capacity &- 1)] = event
    written.store(position &+ 1, ordering: .releasing)
    return true
  }

  /// For the writing thread: whether the reader is so far behind that what can wait should leave the rest to words.
  var isHalfFull: Bool {
    written.load(ordering: .relaxed) &- read.load(ordering: .acquiring) >= EventRing.capacity / 2
  }

  /// For the reading thread. nil when the ring is empty.
  func pop() -> ListenEvent? {
    let position = read.load(ordering: .relaxed)
    guard position != written.load(ordering: .acquiring) else { return nil }
    let event = slots[position & (EventRing.capacity &- 1)]
    read.store(position &+ 1, ordering: .releasing)
    return event
  }
}
