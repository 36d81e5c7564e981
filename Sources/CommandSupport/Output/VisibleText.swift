import FileNames

extension Unicode.Scalar {
  /// Whether terminals and editors obey this character and do not show it: C0, DEL and C1, which hold line breaks and the
  /// beginnings of escape sequences, the breaks of Unicode, and what turns the direction of writing.
  package var isObeyed: Bool {
    switch value {
    case 0...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// Whether it has no width and no shape: marks of byte order and direction, joiners, hyphens and tags that nobody sees.
  fileprivate var isUnseen: Bool {
    switch value {
    case 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F: true
    default: false
    }
  }
}

/// A text from outside (a word, a file's name, a line of provenance) as it may stand in a line of output: what would be
/// obeyed or not be seen is written out, as in `\u{1B}[2J`, and so are bytes that are no UTF-8, as in `\xFC`.
///
/// Twins: tools/silif_tools/errors.py, python/silif/_commands.py
///
/// - Parameters:
///   - kept: characters that stay as they are.
///   - keepsNames: whether names stay what they are, for results: bytes, for who writes them as `fileNameBytes`, and what is
///     not seen.
package func visible(_ text: String, keeping kept: [Unicode.Scalar] = [], keepsNames: Bool = false) -> String {
  func isShown(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.byte != nil || scalar.isUnseen && !scalar.isObeyed { return keepsNames }
    return !scalar.isObeyed || kept.contains(scalar)
  }
  guard !text.unicodeScalars.allSatisfy(isShown) else { return text }
  var shown = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    if isShown(scalar) {
      shown.append(scalar)
    } else if let byte = scalar.byte {
      shown.append(contentsOf: "\\x\(String(byte, radix: 16, uppercase: true))".unicodeScalars)
    } else {
      shown.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
    }
  }
  return String(shown)
}
