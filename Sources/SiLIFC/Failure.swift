import CSiLIF
import KeywordSpotter
import LogMel
import SiLIF

/// A C error code with what it is about.
struct Failure: Error {
  let code: Int32
  var layer = -1
  var value: Int64 = 0
  var field: StaticString?

  init(_ code: Int, value: Int64 = 0, field: StaticString? = nil, layer: Int = -1) {
    self.code = Int32(code)
    self.value = value
    self.field = field
    self.layer = layer
  }

  init(_ error: ModelError) {
    let code =
      switch error.problem {
      case .truncated: SILIF_ERROR_TRUNCATED
      case .notAModel: SILIF_ERROR_NOT_A_MODEL
      case .unsupportedVersion: SILIF_ERROR_UNSUPPORTED_VERSION
      case .damaged: SILIF_ERROR_DAMAGED
      case .outOfRange: SILIF_ERROR_OUT_OF_RANGE
      case .inconsistent: SILIF_ERROR_INCONSISTENT
      case .missing: SILIF_ERROR_MISSING
      }
    self.init(Int(code), value: error.value, field: error.field, layer: error.layer)
  }

  init(_ error: SpotterError) {
    switch error {
    case .frontEnd(let error):
      let code =
        switch error.reason {
        case .length, .inconsistent: SILIF_ERROR_INCONSISTENT
        case .alignment: SILIF_ERROR_ALIGNMENT
        case .outOfRange: SILIF_ERROR_OUT_OF_RANGE
        }
      self.init(Int(code), value: error.value, field: error.field)
    case .frontEndMismatch(let field, let frontEnd, _):
      self.init(Int(SILIF_ERROR_INCONSISTENT), value: Int64(frontEnd), field: field)
    }
  }

  /// What the caller's record says where nothing went wrong.
  static var none: silif_failure { silif_failure(code: Int32(SILIF_OK), layer: -1, value: 0, field: nil) }

  /// Fills in the caller's record, where there is one.
  func report(to failure: UnsafeMutablePointer<silif_failure>?) -> Int32 {
    failure?.pointee = silif_failure(
      code: code, layer: Int32(truncatingIfNeeded: layer), value: value,
      // The compiler ends a StaticString with a zero.
      field: field.map { UnsafeRawPointer($0.utf8Start).assumingMemoryBound(to: CChar.self) })
    return code
  }
}
