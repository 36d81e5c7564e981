import CSiLIF
import KeywordSpotter
import SiLIF

/// `silif_api_version` of silif.h, which says what it takes and gives.
@_cdecl("silif_api_version")
public func apiVersion() -> UInt32 { UInt32(SILIF_API_VERSION) }

/// `silif_plan_memory` of silif.h, which says what it takes and gives.
@_cdecl("silif_plan_memory")
public func planMemory(
  _ model: UnsafeRawPointer?, _ modelBytes: Int, _ plan: UnsafeMutablePointer<silif_memory>?,
  _ failure: UnsafeMutablePointer<silif_failure>?
) -> Int32 {
  failure?.pointee = Failure.none
  plan?.pointee = silif_memory()
  do throws(Failure) {
    guard let plan else { throw Failure(Int(SILIF_ERROR_ARGUMENT)) }
    plan.pointee = try memoryPlan(for: try openModel(model, modelBytes))
  } catch { return error.report(to: failure) }
  return Int32(SILIF_OK)
}

/// `silif_open` of silif.h, which says what it takes and gives.
@_cdecl("silif_open")
public func open(
  _ model: UnsafeRawPointer?, _ modelBytes: Int, _ memory: UnsafeMutableRawPointer?, _ memoryBytes: Int,
  _ engine: UnsafeMutablePointer<OpaquePointer?>?, _ failure: UnsafeMutablePointer<silif_failure>?
) -> Int32 {
  failure?.pointee = Failure.none
  engine?.pointee = nil
  do throws(Failure) {
    guard let engine, let memory else { throw Failure(Int(SILIF_ERROR_ARGUMENT)) }
    guard UInt(bitPattern: memory) % UInt(SILIF_MEMORY_ALIGNMENT) == 0 else {
      throw Failure(Int(SILIF_ERROR_ALIGNMENT))
    }
    let model = try openModel(model, modelBytes)
    let plan = try memoryPlan(for: model)
    guard memoryBytes >= plan.total else { throw Failure(Int(SILIF_ERROR_MEMORY), value: Int64(plan.total)) }
    let made: Engine
    do { made = try Engine(model: model, plan: plan, memory: memory) } catch { throw Failure(error) }
    memory.bindMemory(to: Engine.self, capacity: 1).initialize(to: made)
    engine.pointee = OpaquePointer(memory)
  } catch { return error.report(to: failure) }
  return Int32(SILIF_OK)
}

private func openModel(_ bytes: UnsafeRawPointer?, _ count: Int) throws(Failure) -> Model {
  guard let bytes, count >= 0 else { throw Failure(Int(SILIF_ERROR_ARGUMENT)) }
  guard UInt(bitPattern: bytes) % UInt(SILIF_MODEL_ALIGNMENT) == 0 else { throw Failure(Int(SILIF_ERROR_ALIGNMENT)) }
  do { return try Model(bytes: UnsafeRawBufferPointer(start: bytes, count: count)) } catch { throw Failure(error) }
}

private func memoryPlan(for model: Model) throws(Failure) -> silif_memory {
  do { return try Engine.memoryPlan(for: model) } catch { throw Failure(error) }
}

/// `silif_set_seed` of silif.h, which says what it takes and gives.
@_cdecl("silif_set_seed")
public func setSeed(_ engine: OpaquePointer?, _ seed: UInt64) -> Int32 {
  guard let engine = pointer(engine), engine.pointee.network.draws else { return Int32(SILIF_ERROR_ARGUMENT) }
  engine.pointee.network.setSeed(seed)
  return Int32(SILIF_OK)
}

/// `silif_reset` of silif.h, which says what it takes and gives.
@_cdecl("silif_reset")
public func reset(_ engine: OpaquePointer?) -> Int32 {
  guard let engine = pointer(engine) else { return Int32(SILIF_ERROR_ARGUMENT) }
  engine.pointee.reset()
  return Int32(SILIF_OK)
}

/// `silif_verify` of silif.h, which says what it takes and gives.
@_cdecl("silif_verify")
public func verify(_ engine: OpaquePointer?, _ digest: UnsafeMutablePointer<UInt64>?) -> Int32 {
  digest?.pointee = 0
  guard let engine = pointer(engine) else { return Int32(SILIF_ERROR_ARGUMENT) }
  do throws(SpotterError) {
    let found = try engine.pointee.runSelfTest()
    if let digest { digest.pointee = found.digest }
    let expected = engine.pointee.model.selfTest
    let isEqual = found.digest == expected.digest && found.step_count == expected.step_count
    return Int32(isEqual ? SILIF_OK : SILIF_ERROR_SELF_TEST)
  } catch { return Failure(error).code }
}

/// `silif_set_threshold_q15` of silif.h, which says what it takes and gives.
@_cdecl("silif_set_threshold_q15")
public func setThreshold(_ engine: OpaquePointer?, _ index: Int, _ threshold_q15: Int32) -> Int32 {
  guard let engine = pointer(engine), index >= 0, index < engine.pointee.model.header.classCount,
    threshold_q15 >= 0, threshold_q15 <= 32768
  else { return Int32(SILIF_ERROR_ARGUMENT) }
  engine.pointee.setThreshold(threshold_q15, ofClass: index)
  return Int32(SILIF_OK)
}

/// The engine behind a handle; nil for NULL.
@inline(__always)
func pointer(_ engine: OpaquePointer?) -> UnsafeMutablePointer<Engine>? {
  engine.map { UnsafeMutableRawPointer($0).assumingMemoryBound(to: Engine.self) }
}
