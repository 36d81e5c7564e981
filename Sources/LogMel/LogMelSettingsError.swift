/// Why a front-end section was refused, and which field it was.
public struct LogMelSettingsError: Error, Sendable {
  /// What can be wrong with a section.
  public enum Reason: Sendable {
    /// The section ends before the field does, or goes on after the last one.
    case length
    /// The section does not start at a multiple of four bytes: its tables could not be used in place.
    case alignment
    /// The value is outside the range that the arithmetic bears.
    case outOfRange
    /// The field contradicts another one.
    case inconsistent
  }

  /// What is wrong.
  public let reason: Reason
  /// The field's name in docs/FRONT-END.md.
  public let field: StaticString
  /// What was found there.
  public let value: Int64

  init(_ reason: Reason, _ field: StaticString, value: Int64) {
    self.reason = reason
    self.field = field
    self.value = value
  }
}
