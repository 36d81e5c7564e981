import FileNames
import Glibc

/// A whole text file: UTF-8, or UTF-16 where a byte order mark says so, as Notepad and Excel write it; the mark is left out.
/// Bytes that are no UTF-8 stay what they are, as in a file's name (`fileName`): it may be a list of such names.
///
/// - Parameters:
///   - limit_MiB: by default, far more than the truth about a year of sound.
///   - wanted: what to give instead of a file that is no text, as in "--list wants one path a line".
/// - Throws: Failure, naming the file.
package func textFile(_ path: String, limit_MiB: Int = 64, wanted: String) throws(Failure) -> String {
  let descriptor = withFileName(path) { open($0, O_RDONLY | O_CLOEXEC) }
  guard descriptor >= 0 else { throw Failure(fileMessage(errno, path)) }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(descriptor, &block, block.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw Failure(fileMessage(errno, path)) }
    if count == 0 { break }
    bytes.append(contentsOf: block[..<count])
    // A device may never end.
    guard bytes.count <= limit_MiB << 20 else {
      throw Failure("\(path): has more than \(limit_MiB) MiB, the most that is read of a text; split it")
    }
  }
  let text = decoded(bytes)
  // UTF-16 without its mark has them, too.
  guard !text.utf8.contains(0) else { throw Failure("\(path): is no text; \(wanted)") }
  return text
}

private func decoded(_ bytes: [UInt8]) -> String {
  func words(_ high: Int, _ low: Int) -> [UInt16] {
    stride(from: 2, to: bytes.count - 1, by: 2).map { UInt16(bytes[$0 + high]) << 8 | UInt16(bytes[$0 + low]) }
  }
  switch bytes.prefix(2) {
  case [0xFF, 0xFE]: return String(decoding: words(1, 0), as: UTF16.self)
  case [0xFE, 0xFF]: return String(decoding: words(0, 1), as: UTF16.self)
  default: return fileName(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...])
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

/// Without what is blank at both ends.
///
/// - Parameter isBlank: by default, any white space.
package func trimmed(
  _ text: some StringProtocol, where isBlank: (Character) -> Bool = { $0.isWhitespace }
) -> String {
  var text = text[...]
  while let first = text.first, isBlank(first) { text.removeFirst() }
  while let last = text.last, isBlank(last) { text.removeLast() }
  return String(text)
}
