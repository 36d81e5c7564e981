/// The header of a `.npy` file: magic, version, and a Python dictionary with type, order and shape.
package struct NumpyHeader: Equatable, Sendable {
  package let element: NumpyElement
  package let shape: [Int]
  /// Where the values begin.
  package let dataOffset: Int

  /// Values that the shape stands for.
  package var elementCount: Int { shape.reduce(1, *) }

  /// - Throws: Failure without the file's name.
  package init(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    if bytes.starts(with: [0x50, 0x4B, 3, 4]) {
      throw Failure(
        "this is an .npz archive and one array is wanted; take it out, as in "
          + "python3 -c \"import numpy; numpy.save('x.npy', numpy.load('x.npz')['counts'])\"")
    }
    guard bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw Failure("not a .npy file; write one with numpy.save")
    }
    guard bytes.count >= 12 else { throw Failure("the file ends within its header; write it again") }
    let length: Int
    switch bytes[6] {
    case 1:
      length = Int(bytes[8]) | Int(bytes[9]) << 8
      dataOffset = 10 + length
    case 2, 3:
      length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
      dataOffset = 12 + length
    default: throw Failure("format version \(bytes[6]) of .npy is not known here; write version 1 or 2")
    }
    guard length <= 1 << 16, bytes.count >= dataOffset else {
      throw Failure("the file ends within its header; write it again")
    }
    let text = String(decoding: bytes[dataOffset - length..<dataOffset], as: UTF8.self)
    element = try NumpyHeader.element(text)
    guard try NumpyHeader.value("fortran_order", text) == "False" else {
      throw Failure("the array is in Fortran order; save numpy.ascontiguousarray(x) instead")
    }
    shape = try NumpyHeader.shape(text)
  }

  private static func element(_ text: String) throws(Failure) -> NumpyElement {
    let description = try value("descr", text).filter { $0 != "'" && $0 != "\"" }
    guard let element = NumpyElement(rawValue: String(description.dropFirst())) else {
      throw Failure("values of type '\(description)' cannot be read; convert them with x.astype('int16') or 'float32'")
    }
    guard description.first != ">" else {
      throw Failure("the values are big-endian ('\(description)'); convert them with x.astype('\(element.name)')")
    }
    return element
  }

  private static func shape(_ text: String) throws(Failure) -> [Int] {
    let inside = try value("shape", text).filter { $0 != "(" && $0 != ")" && $0 != " " }
    var shape: [Int] = []
    var total = 1
    for part in inside.split(separator: ",") {
      guard let length = Int(part), length >= 0 else { throw Failure("shape (\(inside)) is not a list of lengths") }
      let (product, overflow) = total.multipliedReportingOverflow(by: length)
      guard !overflow, product < 1 << 48 else { throw Failure("shape (\(inside)) is absurdly large") }
      total = product
      shape.append(length)
    }
    return shape
  }

  /// The text of one of the dictionary's values.
  private static func value(_ key: String, _ text: String) throws(Failure) -> String {
    guard let found = range(of: "'\(key)':", in: text) else {
      throw Failure("the header lacks '\(key)'; write the file again")
    }
    var depth = 0
    var value = ""
    for character in text[found...] {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if (character == "," && depth == 0) || character == "}" { break }
      value.append(character)
    }
    return trimmed(value)
  }

  /// Where the text after `pattern` begins.
  private static func range(of pattern: String, in text: String) -> String.Index? {
    var start = text.startIndex
    while start < text.endIndex {
      if text[start...].hasPrefix(pattern) { return text.index(start, offsetBy: pattern.count) }
      start = text.index(after: start)
    }
    return nil
  }
}

/// The element types that are read; little-endian, or of one byte.
package enum NumpyElement: String, Sendable, CaseIterable {
  case int8 = "i1"
  case uint8 = "u1"
  case int16 = "i2"
  case uint16 = "u2"
  case int32 = "i4"
  case uint32 = "u4"
  case int64 = "i8"
  case uint64 = "u8"
  case float32 = "f4"
  case float64 = "f8"

  package var byteCount: Int { Int(rawValue.utf8.last! - UInt8(ascii: "0")) }

  /// As NumPy calls it: int16.
  package var name: String { "\(self)" }
}
