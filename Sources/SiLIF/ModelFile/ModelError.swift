/// Why a model file was refused. No text is built here (the engine has no Foundation); the commands make the sentence.
public struct ModelError: Error, Equatable, Sendable {
  /// What can be wrong with a file.
  public enum Problem: Equatable, Sendable {
    /// The file has fewer bytes than the field needs, or than it says it has.
    case truncated
    /// The first eight bytes are not those of a model file.
    case notAModel
    /// The file's format version is not one that this build reads.
    case unsupportedVersion
    /// The checksum does not match: the file was damaged.
    case damaged
    /// The value is outside the range that this build allows.
    case outOfRange
    /// The value contradicts another field.
    case inconsistent
    /// The section is required and absent.
    case missing
  }

  /// What is wrong.
  public let problem: Problem
  /// The field's name as in docs/MODEL-FORMAT.md.
  public let field: StaticString
  /// The value found, where there is one.
  public let value: Int64
  /// The layer (0-based) the field belongs to, -1 where it belongs to none.
  public let layer: Int

  init(_ problem: Problem, _ field: StaticString, value: Int64 = 0, layer: Int = -1) {
    self.problem = problem
    self.field = field
    self.value = value
    self.layer = layer
  }

  /// Whether two refusals say the same, field names compared by their text.
  public static func == (left: ModelError, right: ModelError) -> Bool {
    guard left.problem == right.problem, left.value == right.value, left.layer == right.layer else { return false }
    // By content: the same name written in two places has two addresses.
    let count = left.field.utf8CodeUnitCount
    guard right.field.utf8CodeUnitCount == count else { return false }
    for index in 0..<count where left.field.utf8Start[index] != right.field.utf8Start[index] { return false }
    return true
  }
}
