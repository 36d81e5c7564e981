import Foundation

/// Parsed by an independent parser.
func parsedJSON(_ text: String) throws -> [String: Any] {
  try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
}

/// Events without the time of day, which sound that comes as it is made has.
func withoutTimeOfDay(_ lines: String) -> String { lines.replacing(/,"at":"[-0-9T:.]+Z"/, with: "") }
