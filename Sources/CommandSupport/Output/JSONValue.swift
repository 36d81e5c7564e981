import FileNames

/// JSON with keys in the order in which they are given: what the documentation shows is what comes out.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// A number written with at most so many decimals, trailing zeros left out; null where it is not finite.
  case decimal(Double, decimals: Int)
  case string(String)
  case array([JSONValue])
  case object([(key: String, value: JSONValue)])

  package static func integer(_ value: Int) -> JSONValue { .integer(Int64(value)) }
  package static func integers(_ values: [Int]) -> JSONValue { .array(values.map { .integer($0) }) }
  package static func strings(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }

  /// A ratio, null where there is nothing to divide by.
  package static func ratio(_ part: Double, _ whole: Double, decimals: Int) -> JSONValue {
    whole == 0 ? .null : .decimal(part / whole, decimals: decimals)
  }

  /// A calibrated probability, null where there is none.
  package static func probability(_ value: Double?) -> JSONValue {
    value.map { .decimal($0, decimals: 4) } ?? .null
  }

  /// On one line: a report is one line too, so that a log of them can be read line by line.
  package var text: String {
    var text = ""
    write(to: &text)
    return text
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .decimal(let value, let decimals):
      text += value.isFinite ? decimalText(value, decimals: decimals, keepsZeros: false) : "null"
    case .string(let value): JSONValue.write(value, to: &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += "," }
        value.write(to: &text)
      }
      text += "]"
    case .object(let pairs):
      text += "{"
      for (index, pair) in pairs.enumerated() {
        if index > 0 { text += "," }
        JSONValue.write(pair.key, to: &text)
        text += ":"
        pair.value.write(to: &text)
      }
      text += "}"
    }
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      // What stands for a byte is escaped as such, or it would be written as the byte, and that is no JSON.
      case _ where scalar.isObeyed || scalar.byte != nil:
        let hexadecimal = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
