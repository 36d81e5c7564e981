import SiLIF

extension Model {
  /// The section PROV as keys and values, in its order.
  package var provenanceLines: [(key: String, value: String)] {
    String(decoding: provenance, as: UTF8.self).split(separator: "\n").compactMap { line in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      return (trimmed(line[..<colon]), trimmed(line[line.index(after: colon)...]))
    }
  }
}

extension SelfTest {
  /// The digest as 16 hexadecimal digits.
  package static func digestText(_ digest: UInt64) -> String {
    let digits = String(digest, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
