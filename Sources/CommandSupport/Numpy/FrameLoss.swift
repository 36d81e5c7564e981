/// What the input integers do not hold of an array's values.
///
/// Twins: tools/silif_tools/report/data.py
struct FrameLoss: Sendable {
  private let limit: Double
  private var values = 0
  private var fractions = 0
  /// By how much the value was moved that was moved most.
  private var mostMoved = 0.0
  private var beyond = 0
  private var largest = 0.0

  /// - Parameter limit: the model's largest input.
  init(limit: Double) { self.limit = limit }

  /// - Parameters:
  ///   - exact: a value in the unit of the input integers.
  ///   - rounded: the integer that is nearest.
  mutating func count(_ exact: Double, rounded: Double) {
    values += 1
    if exact != rounded {
      fractions += 1
      mostMoved = max(mostMoved, (exact - rounded).magnitude)
    }
    if rounded.magnitude > limit {
      beyond += 1
      largest = max(largest, rounded.magnitude)
    }
  }

  mutating func add(_ other: FrameLoss) {
    values += other.values
    fractions += other.fractions
    mostMoved = max(mostMoved, other.mostMoved)
    beyond += other.beyond
    largest = max(largest, other.largest)
  }

  /// What to say of it, if anything.
  ///
  /// - Parameter fractionBits: of the model's input. With some, rounding is what its format is made for.
  func notes(path: String, fractionBits: Int) -> [String] {
    let unit = 1 / Double(1 << fractionBits)
    var notes: [String] = []
    if fractions > 0 && fractionBits == 0 {
      notes.append(
        "\(path): \(percentText(fractions, of: values)) of the values are fractions, rounded to counts by up to "
          + significantText(mostMoved, digits: 2))
    }
    if beyond > 0 {
      notes.append(
        "\(path): \(percentText(beyond, of: values)) of the values are beyond ±\(significantText(limit * unit, digits: 6)), "
          + "the largest input of this model, and are cut to it (up to \(significantText(largest * unit, digits: 6)))")
    }
    return notes
  }
}
