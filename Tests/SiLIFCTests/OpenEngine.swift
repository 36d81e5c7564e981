import CSiLIF
import SiLIFC

/// A model's bytes at an address of its own, and an engine in memory of exactly the size that it asked for, between
/// guard bytes. All of it through the C interface.
final class OpenEngine {
  let engine: OpaquePointer
  let plan: silif_memory
  private let model: UnsafeMutableRawBufferPointer
  private let memory: UnsafeMutableRawBufferPointer
  private static let guardBytes = 64

  init(_ content: [UInt8]) throws {
    let model = aligned(content.count)
    var memory: UnsafeMutableRawBufferPointer?
    var isOpen = false
    defer {
      if !isOpen {
        model.deallocate()
        memory?.deallocate()
      }
    }
    model.copyBytes(from: content)
    var plan = silif_memory()
    var failure = silif_failure()
    guard silif_plan_memory(model.baseAddress, model.count, &plan, &failure) == SILIF_OK else {
      throw Refused(failure)
    }
    let room = aligned(plan.total + 2 * OpenEngine.guardBytes)
    memory = room
    var engine: OpaquePointer?
    let error = silif_open(
      model.baseAddress, model.count, room.baseAddress! + OpenEngine.guardBytes, plan.total, &engine, &failure)
    guard error == SILIF_OK, let engine else { throw Refused(failure) }
    (self.engine, self.plan, self.model, self.memory) = (engine, plan, model, room)
    isOpen = true
  }

  deinit {
    model.deallocate()
    memory.deallocate()
  }

  var isGuardIntact: Bool {
    memory.prefix(OpenEngine.guardBytes).allSatisfy { $0 == 0xA5 }
      && memory.suffix(OpenEngine.guardBytes).allSatisfy { $0 == 0xA5 }
  }

  struct Heard: Equatable {
    let word: Int32
    let score_q15: Int32
    let probability_q15: Int32
    let sample: Int64
  }

  /// Pushes samples in blocks. Returns the words heard and the digest of all steps.
  func push(_ samples: [Int16], block: Int) -> (heard: [Heard], digest: UInt64) {
    var heard: [Heard] = []
    var digest = UInt64(0xCBF2_9CE4_8422_2325)
    var event = silif_event()
    samples.withUnsafeBufferPointer { samples in
      var start = 0
      while start < samples.count {
        var used = 0
        silif_push_samples(engine, samples.baseAddress! + start, min(block, samples.count - start), &used, &event)
        start += used
        if event.stepped == 1 { digest = silif_digest(engine, digest) }
        if event.word >= 0 {
          heard.append(
            Heard(
              word: event.word, score_q15: event.score_q15,
              probability_q15: silif_event_probability_q15(engine), sample: event.position))
        }
      }
    }
    return (heard, digest)
  }
}

/// What a refused model's failure says.
struct Refused: Error {
  let code: Int32
  let field: String?
  let value: Int64
  let layer: Int32

  init(_ failure: silif_failure) {
    (code, value, layer) = (failure.code, failure.value, failure.layer)
    field = failure.field.map { String(cString: $0) }
  }
}

/// Bytes at a multiple of 64, filled with 0xA5.
func aligned(_ count: Int) -> UnsafeMutableRawBufferPointer {
  let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
  bytes.initializeMemory(as: UInt8.self, repeating: 0xA5)
  return bytes
}
