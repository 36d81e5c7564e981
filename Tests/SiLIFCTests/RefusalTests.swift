import CSiLIF
import SiLIF
import TestSupport
import Testing

/// Every reason to refuse has its code, and names the field.
@Suite struct RefusalTests {
  private func refusal(_ change: (inout [UInt8]) throws -> Void) throws -> Refused? {
    var bytes = try TemporaryFolder.bytes(Fixture.audio)
    try change(&bytes)
    do {
      _ = try OpenEngine(bytes)
      return nil
    } catch let refused as Refused { return refused }
  }

  @Test func aWholeModelIsTaken() throws {
    let refused = try refusal { _ in }
    #expect(refused == nil)
  }

  @Test func damage() throws {
    let refused = try refusal { $0[$0.count - 1] ^= 1 }
    let found = try #require(refused)
    #expect(found.code == SILIF_ERROR_DAMAGED)
    #expect(found.field == "crc32")
  }

  @Test func anotherVersion() throws {
    let refused = try refusal {
      $0[8] = 9
      repairChecksum(&$0)
    }
    let found = try #require(refused)
    #expect(found.code == SILIF_ERROR_UNSUPPORTED_VERSION)
    #expect(found.field == "format_version")
    #expect(found.value == 9)
    #expect(found.layer == -1)
  }

  @Test func aCutFile() throws {
    let refused = try refusal { $0.removeLast(16) }
    let found = try #require(refused)
    #expect(found.code == SILIF_ERROR_TRUNCATED)
    #expect(found.field == "total_length")
  }

  @Test func noModel() throws {
    let refused = try refusal { $0[0] = 0x50 }
    #expect(refused?.code == Int32(SILIF_ERROR_NOT_A_MODEL))
  }

  @Test func aFieldOfALayerOutOfRange() throws {
    let refused = try refusal {
      $0[try sectionStart("LAYR", in: $0) + 14] = 99
      repairChecksum(&$0)
    }
    let found = try #require(refused)
    #expect(found.code == SILIF_ERROR_OUT_OF_RANGE)
    #expect(found.field == "state_fraction_bits")
    #expect(found.value == 99)
    #expect(found.layer == 0)
  }

  @Test func aFrontEndOfAnotherSize() throws {
    let refused = try refusal {
      $0[try sectionStart("FRNT", in: $0) + 12] = 64
      repairChecksum(&$0)
    }
    let found = try #require(refused)
    #expect(found.code == SILIF_ERROR_OUT_OF_RANGE)
    #expect(found.field == "fft_size")
  }

  @Test func badArguments() throws {
    let bytes = try TemporaryFolder.bytes(Fixture.audio)
    let model = aligned(bytes.count + 8)
    defer { model.deallocate() }
    model.copyBytes(from: bytes)
    let memory = aligned(200_000)
    defer { memory.deallocate() }
    var plan = silif_memory()
    var failure = silif_failure()
    var engine: OpaquePointer?
    func open(_ memoryBytes: Int, offset: Int = 0) -> Int32 {
      silif_open(model.baseAddress, bytes.count, memory.baseAddress! + offset, memoryBytes, &engine, &failure)
    }
    #expect(silif_plan_memory(nil, 0, &plan, nil) == SILIF_ERROR_ARGUMENT)
    #expect(silif_plan_memory(model.baseAddress, bytes.count, &plan, nil) == SILIF_OK)
    var refused = silif_memory()
    #expect(silif_plan_memory(model.baseAddress! + 8, bytes.count, &refused, nil) == SILIF_ERROR_ALIGNMENT)
    #expect(open(plan.total - 1) == SILIF_ERROR_MEMORY)
    #expect(failure.value == Int64(plan.total))
    #expect(failure.field == nil)
    #expect(open(plan.total, offset: 16) == SILIF_ERROR_ALIGNMENT)
    #expect(open(plan.total) == SILIF_OK)
    #expect(silif_reset(nil) == SILIF_ERROR_ARGUMENT)
    #expect(silif_verify(nil, nil) == SILIF_ERROR_ARGUMENT)
    #expect(silif_set_threshold_q15(engine, 0, 32769) == SILIF_ERROR_ARGUMENT)
    #expect(silif_set_threshold_q15(engine, 10_000, 1) == SILIF_ERROR_ARGUMENT)
    #expect(silif_word(engine, 10_000, nil) == nil)
    #expect(silif_spikes(nil, 0, nil) == nil)
  }

  /// Whoever does not look at the error must not find what was there before.
  @Test func whatIsRefusedGivesNothing() throws {
    let bytes = try TemporaryFolder.bytes(Fixture.counts)
    let engine = try OpenEngine(bytes)
    var event = silif_event(stepped: 1, word: 3, score_q15: 9, reserved: 9, position: 9)
    var used = 99
    #expect(silif_push_samples(engine.engine, [1, 2], 2, &used, &event) == SILIF_ERROR_NO_FRONT_END)
    #expect(used == 0 && event.word == -1 && event.stepped == 0)
    (used, event.word) = (99, 3)
    #expect(silif_push_samples(nil, [1, 2], 2, &used, &event) == SILIF_ERROR_ARGUMENT)
    #expect(used == 0 && event.word == -1)
    (used, event.word) = (99, 3)
    #expect(silif_hear(engine.engine, [1, 2], 2, &used, &event) == SILIF_ERROR_NO_FRONT_END)
    #expect(used == 0 && event.word == -1)
    var sums_q15 = [Int64](repeating: 7, count: 1024)
    var clip = silif_clip(winner: 9, steps: 9, spikes: 9)
    #expect(silif_score_clip(engine.engine, [1, 2], 2, &sums_q15, &clip) == SILIF_ERROR_NO_FRONT_END)
    #expect(clip.winner == 0 && clip.steps == 0 && clip.spikes == 0 && sums_q15[0] == 0 && sums_q15[1023] == 7)
    #expect(silif_score_clip(engine.engine, [1, 2], 2, nil, &clip) == SILIF_ERROR_ARGUMENT)
    event.word = 3
    #expect(silif_push_frame(engine.engine, nil, 0, &event) == SILIF_ERROR_ARGUMENT)
    #expect(event.word == -1)
    used = 99
    #expect(silif_word(engine.engine, 10_000, &used) == nil && used == 0)
    #expect(silif_is_keyword(engine.engine, 10_000) == 0 && silif_is_keyword(nil, 0) == 0)
    used = 99
    #expect(silif_spikes(engine.engine, 10_000, &used) == nil && used == 0)
    var opened: OpaquePointer? = engine.engine
    var failure = silif_failure(code: 9, layer: 9, value: 9, field: nil)
    #expect(silif_open(nil, 0, nil, 0, &opened, &failure) == SILIF_ERROR_ARGUMENT)
    #expect(opened == nil && failure.code == SILIF_ERROR_ARGUMENT && failure.layer == -1 && failure.value == 0)
    var plan = engine.plan
    #expect(silif_plan_memory(nil, 0, &plan, &failure) == SILIF_ERROR_ARGUMENT)
    #expect(plan.total == 0 && plan.network == 0)
  }

  @Test func aBlockOfNothingIsTaken() throws {
    let engine = try OpenEngine(TemporaryFolder.bytes(Fixture.audio))
    var event = silif_event()
    var used = 99
    #expect(silif_push_samples(engine.engine, nil, 0, &used, &event) == SILIF_OK)
    #expect(used == 0 && event.word == -1 && event.position == 0)
    #expect(silif_push_samples(engine.engine, nil, 1, &used, &event) == SILIF_ERROR_ARGUMENT)
  }

  @Test func everyCodeHasItsName() {
    let codes: [(Int, String)] = [
      (Int(SILIF_OK), "SILIF_OK"), (Int(SILIF_ERROR_ARGUMENT), "SILIF_ERROR_ARGUMENT"),
      (Int(SILIF_ERROR_ALIGNMENT), "SILIF_ERROR_ALIGNMENT"), (Int(SILIF_ERROR_MEMORY), "SILIF_ERROR_MEMORY"),
      (Int(SILIF_ERROR_NO_FRONT_END), "SILIF_ERROR_NO_FRONT_END"),
      (Int(SILIF_ERROR_SELF_TEST), "SILIF_ERROR_SELF_TEST"), (Int(SILIF_ERROR_TRUNCATED), "SILIF_ERROR_TRUNCATED"),
      (Int(SILIF_ERROR_NOT_A_MODEL), "SILIF_ERROR_NOT_A_MODEL"),
      (Int(SILIF_ERROR_UNSUPPORTED_VERSION), "SILIF_ERROR_UNSUPPORTED_VERSION"),
      (Int(SILIF_ERROR_DAMAGED), "SILIF_ERROR_DAMAGED"), (Int(SILIF_ERROR_OUT_OF_RANGE), "SILIF_ERROR_OUT_OF_RANGE"),
      (Int(SILIF_ERROR_INCONSISTENT), "SILIF_ERROR_INCONSISTENT"), (Int(SILIF_ERROR_MISSING), "SILIF_ERROR_MISSING"),
      (15, "SILIF_ERROR_UNKNOWN"), (-1, "SILIF_ERROR_UNKNOWN"),
    ]
    for (code, name) in codes { #expect(String(cString: silif_error_name(Int32(code))) == name) }
  }
}

/// Where a section of a model begins.
func sectionStart(_ tag: String, in bytes: [UInt8]) throws -> Int {
  let entries = stride(from: 32, to: 32 + 16 * Int(bytes[10]), by: 16)
  let entry = try #require(entries.first { String(decoding: bytes[$0..<$0 + 4], as: UTF8.self) == tag })
  return (4..<8).reduce(0) { $0 + Int(bytes[entry + $1]) << (8 * ($1 - 4)) }
}

/// Puts the checksum right, so that the reader looks further. The other CRC-32: bit by bit, not the engine's.
func repairChecksum(_ bytes: inout [UInt8]) {
  var crc: UInt32 = 0xFFFF_FFFF
  for index in bytes.indices where !(16..<20).contains(index) {
    crc ^= UInt32(bytes[index])
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
  }
  for index in 0..<4 { bytes[16 + index] = UInt8(truncatingIfNeeded: ~crc >> (8 * UInt32(index))) }
}
