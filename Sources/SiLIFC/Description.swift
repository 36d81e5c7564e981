import CSiLIF
import LogMel
import SiLIF

/// `silif_describe` of silif.h, which says what it takes and gives.
@_cdecl("silif_describe")
public func describe(_ engine: OpaquePointer?, _ description: UnsafeMutablePointer<silif_description>?) -> Int32 {
  description?.pointee = silif_description()
  guard let engine = pointer(engine), let description else { return Int32(SILIF_ERROR_ARGUMENT) }
  let model = engine.pointee.model
  let frontEnd = engine.pointee.frontEnd
  description.pointee = silif_description(
    sample_rate_hz: UInt32(frontEnd?.sampleRate_hz ?? 0), frame_samples: UInt32(frontEnd?.frameLength_samples ?? 0),
    hop_samples: UInt32(frontEnd?.hop_samples ?? 0), step_us: UInt32(model.header.step_us),
    input_count: UInt32(model.header.inputCount), input_fraction_bits: UInt32(model.header.inputFractionBits),
    layer_count: UInt32(model.header.layerCount), class_count: UInt32(model.header.classCount),
    unknown_class: Int32(model.words.unknownIndex ?? -1), silence_class: Int32(model.words.silenceIndex ?? -1),
    self_test_steps: UInt32(model.selfTest.step_count))
  return Int32(SILIF_OK)
}

/// `silif_word` of silif.h, which says what it takes and gives.
@_cdecl("silif_word")
public func word(
  _ engine: OpaquePointer?, _ index: Int, _ length: UnsafeMutablePointer<Int>?
) -> UnsafePointer<CChar>? {
  length?.pointee = 0
  guard let engine = pointer(engine), index >= 0, index < engine.pointee.model.words.count else { return nil }
  let word = engine.pointee.model.words[index]
  if let length { length.pointee = word.count }
  return word.baseAddress.map { $0.assumingMemoryBound(to: CChar.self) }
}

/// `silif_is_keyword` of silif.h, which says what it takes and gives.
@_cdecl("silif_is_keyword")
public func isKeyword(_ engine: OpaquePointer?, _ index: Int) -> Int32 {
  guard let engine = pointer(engine), index >= 0, index < engine.pointee.model.words.count else { return 0 }
  return engine.pointee.model.detector.isKeyword(index) ? 1 : 0
}

/// `silif_error_name` of silif.h, which says what it takes and gives.
@_cdecl("silif_error_name")
public func errorName(_ code: Int32) -> UnsafePointer<CChar> {
  let name: StaticString =
    switch Int(code) {
    case Int(SILIF_OK): "SILIF_OK"
    case Int(SILIF_ERROR_ARGUMENT): "SILIF_ERROR_ARGUMENT"
    case Int(SILIF_ERROR_ALIGNMENT): "SILIF_ERROR_ALIGNMENT"
    case Int(SILIF_ERROR_MEMORY): "SILIF_ERROR_MEMORY"
    case Int(SILIF_ERROR_NO_FRONT_END): "SILIF_ERROR_NO_FRONT_END"
    case Int(SILIF_ERROR_SELF_TEST): "SILIF_ERROR_SELF_TEST"
    case Int(SILIF_ERROR_TRUNCATED): "SILIF_ERROR_TRUNCATED"
    case Int(SILIF_ERROR_NOT_A_MODEL): "SILIF_ERROR_NOT_A_MODEL"
    case Int(SILIF_ERROR_UNSUPPORTED_VERSION): "SILIF_ERROR_UNSUPPORTED_VERSION"
    case Int(SILIF_ERROR_DAMAGED): "SILIF_ERROR_DAMAGED"
    case Int(SILIF_ERROR_OUT_OF_RANGE): "SILIF_ERROR_OUT_OF_RANGE"
    case Int(SILIF_ERROR_INCONSISTENT): "SILIF_ERROR_INCONSISTENT"
    case Int(SILIF_ERROR_MISSING): "SILIF_ERROR_MISSING"
    default: "SILIF_ERROR_UNKNOWN"
    }
  return UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
}
