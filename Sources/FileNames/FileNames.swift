// A file's name is bytes, on Linux any but 0 and "/", and a String is Unicode. Names come in by `fileName`, are a String wherever
// they are handled, and go out as the same bytes by `withFileName` and `fileNameBytes`.
//
// Bytes that are no UTF-8 stand in the String as U+EF80...U+EFFF: characters for private use, one for each byte. Where a name
// really has such a character, its three bytes are kept in the same way, so that there and back is the same for every name.

/// A name of a file, or an argument, or a line of a list, as it comes from the system.
///
/// - Parameter bytes: without the 0 at its end.
public func fileName(_ bytes: some Collection<UInt8>) -> String {
  let bytes = Array(bytes)
  if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: \.standsForByte) {
    return text
  }
  var text = String.UnicodeScalarView()
  var at = 0
  while at < bytes.count {
    if let (scalar, length) = scalar(bytes[at...].prefix(4)), !scalar.standsForByte {
      text.append(scalar)
      at += length
    } else {
      text.append(bytes[at] < 0x80 ? Unicode.Scalar(bytes[at]) : Unicode.Scalar(0xEF00 + UInt32(bytes[at]))!)
      at += 1
    }
  }
  return String(text)
}

/// The same of a C string.
public func fileName(cString: UnsafePointer<CChar>) -> String {
  var count = 0
  while cString[count] != 0 { count += 1 }
  return fileName(UnsafeRawBufferPointer(start: cString, count: count))
}

/// The bytes that a name has for the system: its UTF-8 but for what stands for bytes.
public func fileNameBytes(_ name: String) -> [UInt8] {
  guard name.unicodeScalars.contains(where: \.standsForByte) else { return Array(name.utf8) }
  var bytes: [UInt8] = []
  for scalar in name.unicodeScalars {
    if let byte = scalar.byte { bytes.append(byte) } else { bytes += Array(String(scalar).utf8) }
  }
  return bytes
}

/// The names of folders and file in a path. Not split by characters: "/" with an accent after it would be another one.
public func pathComponents(_ path: String) -> [String] {
  path.unicodeScalars.split(separator: "/").map { String($0) }
}

/// Calls a function of the system with a name.
///
/// - Parameter body: gets the name as a C string that lives as long as the call.
public func withFileName<Result>(_ name: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
  (fileNameBytes(name).map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { body($0.baseAddress!) }
}

extension Unicode.Scalar {
  /// The byte of a name that is no UTF-8 for which this character stands; nil: it is itself.
  public var byte: UInt8? { standsForByte ? UInt8(truncatingIfNeeded: value) : nil }

  fileprivate var standsForByte: Bool { (0xEF80...0xEFFF).contains(value) }
}

/// The character that these bytes begin with, and how many they are; nil: none.
private func scalar(_ bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, Int)? {
  for length in 1...4 where length <= bytes.count {
    guard let text = String(validating: bytes.prefix(length), as: UTF8.self) else { continue }
    return text.unicodeScalars.first.map { ($0, length) }
  }
  return nil
}
