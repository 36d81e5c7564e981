import Foundation

/// Parsed by an independent parser.
func parsedJSON(_ text: String) throws -> [String: Any] {
  try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
}
