import CSiLIF
import SiLIF

extension silif_event {
  /// No step, no word.
  static var none: silif_event { silif_event(stepped: 0, word: -1, score_q15: 0, reserved: 0, position: 0) }
}

/// `silif_push_samples` of silif.h, which says what it takes and gives.
@_cdecl("silif_push_samples")
public func pushSamples(
  _ engine: OpaquePointer?, _ samples: UnsafePointer<Int16>?, _ count: Int, _ used: UnsafeMutablePointer<Int>?,
  _ event: UnsafeMutablePointer<silif_event>?
) -> Int32 {
  take(engine, samples, count, used, event) { engine, block in engine.push(block) }
}

/// `silif_hear` of silif.h, which says what it takes and gives.
@_cdecl("silif_hear")
public func hear(
  _ engine: OpaquePointer?, _ samples: UnsafePointer<Int16>?, _ count: Int, _ used: UnsafeMutablePointer<Int>?,
  _ event: UnsafeMutablePointer<silif_event>?
) -> Int32 {
  take(engine, samples, count, used, event) { engine, block in engine.hear(block) }
}

/// Checks the arguments and gives the samples to `step`, which says how many it took and what happened.
@inline(__always)
private func take(
  _ engine: OpaquePointer?, _ samples: UnsafePointer<Int16>?, _ count: Int, _ used: UnsafeMutablePointer<Int>?,
  _ event: UnsafeMutablePointer<silif_event>?,
  by step: (inout Engine, UnsafeBufferPointer<Int16>) -> (consumed_samples: Int, event: silif_event)
) -> Int32 {
  // Before anything can be refused: a caller who looks at these and not at the error finds that nothing was taken.
  used?.pointee = 0
  event?.pointee = silif_event.none
  guard let engine = pointer(engine), samples != nil || count == 0, count >= 0, let used, let event else {
    return Int32(SILIF_ERROR_ARGUMENT)
  }
  guard engine.pointee.frontEnd != nil else { return Int32(SILIF_ERROR_NO_FRONT_END) }
  (used.pointee, event.pointee) = step(&engine.pointee, UnsafeBufferPointer(start: samples, count: count))
  return Int32(SILIF_OK)
}

/// `silif_score_clip` of silif.h, which says what it takes and gives.
@_cdecl("silif_score_clip")
public func scoreClip(
  _ engine: OpaquePointer?, _ samples: UnsafePointer<Int16>?, _ count: Int, _ sums_q15: UnsafeMutablePointer<Int64>?,
  _ clip: UnsafeMutablePointer<silif_clip>?
) -> Int32 {
  clip?.pointee = silif_clip()
  if let engine = pointer(engine) { sums_q15?.update(repeating: 0, count: engine.pointee.model.header.classCount) }
  guard let engine = pointer(engine), samples != nil || count == 0, count >= 0, let sums_q15, let clip else {
    return Int32(SILIF_ERROR_ARGUMENT)
  }
  guard let frontEnd = engine.pointee.frontEnd else { return Int32(SILIF_ERROR_NO_FRONT_END) }
  let rule: ClipRule
  do { rule = try engine.pointee.model.clipRule() } catch { return Failure(error).code }
  clip.pointee = engine.pointee.score(
    UnsafeBufferPointer(start: samples, count: count), frontEnd, rule, sums_q15: sums_q15)
  return Int32(SILIF_OK)
}

/// `silif_event_probability_q15` of silif.h, which says what it takes and gives.
@_cdecl("silif_event_probability_q15")
public func eventProbability(_ engine: OpaquePointer?) -> Int32 {
  pointer(engine)?.pointee.eventProbability_q15 ?? -1
}

/// `silif_clip_probability_q15` of silif.h, which says what it takes and gives.
@_cdecl("silif_clip_probability_q15")
public func clipProbability(
  _ engine: OpaquePointer?, _ sums_q15: UnsafePointer<Int64>?, _ clip: UnsafePointer<silif_clip>?
) -> Int32 {
  guard let engine = pointer(engine), let sums_q15, let clip = clip?.pointee else { return -1 }
  let model = engine.pointee.model
  let sums = UnsafeBufferPointer(start: sums_q15, count: model.header.classCount)
  guard clip.winner >= 0, Int(clip.winner) < sums.count, clip.steps <= UInt32(Int32.max) else { return -1 }
  return model.clipCalibration.probability_q15(ofClip: sums, winner: Int(clip.winner), frames: Int(clip.steps))
}

/// `silif_push_frame` of silif.h, which says what it takes and gives.
@_cdecl("silif_push_frame")
public func pushFrame(
  _ engine: OpaquePointer?, _ frame: UnsafePointer<Int16>?, _ count: Int, _ event: UnsafeMutablePointer<silif_event>?
) -> Int32 {
  event?.pointee = silif_event.none
  guard let engine = pointer(engine), let frame, let event, count == engine.pointee.model.header.inputCount else {
    return Int32(SILIF_ERROR_ARGUMENT)
  }
  event.pointee = engine.pointee.push(frame: UnsafeBufferPointer(start: frame, count: count))
  return Int32(SILIF_OK)
}

/// `silif_probabilities_q15` of silif.h, which says what it takes and gives.
@_cdecl("silif_probabilities_q15")
public func probabilities(_ engine: OpaquePointer?) -> UnsafePointer<UInt16>? {
  pointer(engine).map { $0.pointee.network.probabilities_q15 }
}

/// `silif_membrane_q16` of silif.h, which says what it takes and gives.
@_cdecl("silif_membrane_q16")
public func membrane(_ engine: OpaquePointer?) -> UnsafePointer<Int32>? {
  pointer(engine).map { $0.pointee.network.membrane }
}

/// `silif_frame` of silif.h, which says what it takes and gives.
@_cdecl("silif_frame")
public func frame(_ engine: OpaquePointer?) -> UnsafePointer<Int16>? {
  pointer(engine).map { $0.pointee.network.lastFrame }
}

/// `silif_spikes` of silif.h, which says what it takes and gives.
@_cdecl("silif_spikes")
public func spikes(
  _ engine: OpaquePointer?, _ layer: Int, _ count: UnsafeMutablePointer<Int>?
) -> UnsafePointer<UInt8>? {
  shown(engine, layer, count) { $0.spikes(ofLayer: layer) }
}

/// `silif_stream` of silif.h, which says what it takes and gives.
@_cdecl("silif_stream")
public func stream(
  _ engine: OpaquePointer?, _ layer: Int, _ count: UnsafeMutablePointer<Int>?
) -> UnsafePointer<Int32>? {
  shown(engine, layer, count) { $0.stream(ofLayer: layer) }
}

/// What a hidden layer has of the last step; NULL and 0 where there is no such layer, or nothing of that sort in it.
@inline(__always)
private func shown<Value>(
  _ engine: OpaquePointer?, _ layer: Int, _ count: UnsafeMutablePointer<Int>?,
  _ values: (Network) -> UnsafeBufferPointer<Value>
) -> UnsafePointer<Value>? {
  count?.pointee = 0
  guard let engine = pointer(engine), layer >= 0, layer < engine.pointee.model.header.layerCount - 1 else { return nil }
  let found = values(engine.pointee.network)
  count?.pointee = found.count
  return found.baseAddress
}

/// `silif_digest` of silif.h, which says what it takes and gives.
@_cdecl("silif_digest")
public func addToDigest(_ engine: OpaquePointer?, _ digest: UInt64) -> UInt64 {
  guard let engine = pointer(engine) else { return digest }
  var fnv = FNV1a(continuing: digest)
  engine.pointee.network.updateDigest(&fnv)
  return fnv.value
}
