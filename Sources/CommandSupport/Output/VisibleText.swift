extension Unicode.Scalar {
  /// Whether terminals and editors obey this character and do not show it: C0, DEL and C1, which hold line breaks and the
  /// beginnings of escape sequences, the breaks of Unicode, and what turns the direction of writing.
  package var isObeyed: Bool {
    switch value {
    case 0...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}

/// A text from outside (a word, a file's name, a line of provenance) as it may stand in a line of output: what would be
/// obeyed is written out, as in `\u{1B}[2J`.
///
/// - Parameter kept: characters that stay as they are.
package func visible(_ text: String, keeping kept: [Unicode.Scalar] = []) -> String {
  guard text.unicodeScalars.contains(where: { $0.isObeyed && !kept.contains($0) }) else { return text }
  var shown = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    if scalar.isObeyed && !kept.contains(scalar) {
      shown.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
    } else {
      shown.append(scalar)
    }
  }
  return String(shown)
}
