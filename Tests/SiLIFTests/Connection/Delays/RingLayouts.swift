import Testing

@testable import SiLIF

/// Every layout of a ring that the tests run over: each reach, and for each the slot in which the run begins.
struct RingLayout: Sendable, CustomTestStringConvertible {
  let maximumDelay: Int
  let firstSlot: Int

  static let all = [0, 1, 2, 3, 6, 7, 30].flatMap { reach in
    (0...reach).map { RingLayout(maximumDelay: reach, firstSlot: $0) }
  }

  /// Three turns of the ring, and some more.
  var steps: Int { 3 * (maximumDelay + 1) + 5 }

  func slot(_ step: Int) -> Int { (firstSlot + step) % (maximumDelay + 1) }

  /// Delays that go through 0...maximumDelay, and begin elsewhere for every `rotation`.
  func delays(_ count: Int, rotation: Int) -> [UInt8] {
    (0..<count).map { UInt8(($0 + rotation) % (maximumDelay + 1)) }
  }

  var testDescription: String { "reach \(maximumDelay), first slot \(firstSlot)" }
}

/// Memory for one ring.
final class RingMemory<Ring> {
  let ring: Ring
  private let memory: AlignedBytes

  init(_ make: (inout Arena) -> Ring) {
    var counting = Arena()
    _ = make(&counting)
    memory = AlignedBytes(count: counting.usedBytes)
    var arena = Arena(memory: memory.bytes)
    ring = make(&arena)
  }
}
