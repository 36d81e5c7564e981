import CommandSupport
import Glibc

/// Writes a `.npy` file row by row; `complete` fills in the shape, `commit` gives it its name (`NewFile`).
final class NumpyWriter {
  private let path: String
  private let file: NewFile
  private let element: NumpyElement
  private let rowLength: Int
  private let output: StandardOutput
  private var rows = 0

  /// Version 1, padded with spaces, so that the final shape fits.
  private static let headerBytes = 128

  /// - Parameter rowLength: elements in a row: the array is [row, rowLength].
  init(path: String, element: NumpyElement, rowLength: Int) throws(Failure) {
    self.path = path
    self.element = element
    self.rowLength = rowLength
    file = try NewFile(path)
    output = StandardOutput(descriptor: file.descriptor, name: path)
  }

  /// Gives up what was written, unless it has its name.
  func discard() { file.discard() }

  /// Adds a row of `rowLength` elements.
  func append(row: UnsafeRawBufferPointer) throws {
    precondition(row.count == rowLength * element.byteCount, "a row has the wrong length")
    if rows == 0 { try output.write(bytes: header) }
    try output.write(bytes: row)
    rows += 1
  }

  /// Writes the header; all is on the disk then, without its name.
  func complete() throws {
    if rows == 0 { try output.write(bytes: header) }
    try output.flush()
    let written = header.withUnsafeBytes { pwrite(file.descriptor, $0.baseAddress, $0.count, 0) }
    guard written == NumpyWriter.headerBytes else {
      throw Failure("\(path): cannot be written: \(systemMessage(errno))")
    }
    try file.sync()
  }

  /// Gives the file its name.
  func commit() throws { try file.commit() }

  private var header: [UInt8] {
    let order = element.byteCount == 1 ? "|" : "<"
    var text = "{'descr': '\(order)\(element.rawValue)', 'fortran_order': False, 'shape': (\(rows), \(rowLength)), }"
    let textBytes = NumpyWriter.headerBytes - 10
    text += String(repeating: " ", count: textBytes - 1 - text.utf8.count) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(textBytes), 0] + Array(text.utf8)
  }
}
