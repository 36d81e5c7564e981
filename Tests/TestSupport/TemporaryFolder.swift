import FileNames
import Glibc

/// A folder that goes away with its content when the object does.
package final class TemporaryFolder: Sendable {
  package let path: String

  package struct FileError: Error { let path: String, code: Int32 }

  package init() {
    var template = Array("/tmp/silif-tests-XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil, "no folder in /tmp: errno \(errno)")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { TemporaryFolder.remove(path) }

  package func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Returns the file's path. Folders in `name` are made.
  @discardableResult
  package func write(_ bytes: [UInt8], to name: String) throws -> String {
    var folder = path
    for part in name.split(separator: "/").dropLast() {
      folder += "/\(part)"
      _ = withFileName(folder) { mkdir($0, 0o755) }
    }
    let file = "\(path)/\(name)"
    guard let stream = withFileName(file, { fopen($0, "we") }) else { throw FileError(path: file, code: errno) }
    fwrite(bytes, 1, bytes.count, stream)
    fclose(stream)
    return file
  }

  @discardableResult
  package func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

  package func read(_ name: String) throws -> String {
    String(decoding: try Self.bytes("\(path)/\(name)"), as: UTF8.self)
  }

  package static func bytes(_ path: String) throws -> [UInt8] {
    guard let stream = withFileName(path, { fopen($0, "re") }) else { throw FileError(path: path, code: errno) }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&block, 1, block.count, stream), count > 0 { bytes += block[..<count] }
    return bytes
  }

  private static func remove(_ path: String) {
    if let stream = withFileName(path, { opendir($0) }) {
      var names: [String] = []
      while let entry = readdir(stream) {
        names.append(
          withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { fileName(cString: $0) }
          })
      }
      closedir(stream)
      for name in names where name != "." && name != ".." { remove("\(path)/\(name)") }
      _ = withFileName(path) { rmdir($0) }
    } else {
      _ = withFileName(path) { unlink($0) }
    }
  }
}
