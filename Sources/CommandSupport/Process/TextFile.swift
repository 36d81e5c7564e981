import Glibc

/// A whole text file. Bytes that are no UTF-8 become replacement characters.
///
/// - Throws: Failure, naming the file.
package func textFile(_ path: String) throws(Failure) -> String {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw Failure(fileMessage(errno, path)) }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(descriptor, &block, block.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw Failure(fileMessage(errno, path)) }
    if count == 0 { return String(decoding: bytes, as: UTF8.self) }
    bytes.append(contentsOf: block[..<count])
  }
}

/// Why a file cannot be read and what to do.
package func fileMessage(_ code: Int32, _ path: String) -> String {
  switch code {
  case ENOENT, ENOTDIR: "\(path): no such file; check the path"
  case EACCES: "\(path): permission denied; this user may not read it (see `ls -l`, `chmod`)"
  case EISDIR: "\(path): is a folder; give a file"
  default: "\(path): \(systemMessage(code))"
  }
}

/// Without spaces, tabs and carriage returns at both ends.
package func trimmed(_ text: some StringProtocol) -> String {
  var text = text[...]
  while let first = text.first, first.isWhitespace { text.removeFirst() }
  while let last = text.last, last.isWhitespace { text.removeLast() }
  return String(text)
}
