import CommandSupport
import FileNames
import Glibc

/// The file of `--output`: a new one, or with `--resume` one that holds the first rows of the same clips.
struct RowFile {
  let descriptor: Int32
  /// Rows that it holds already.
  let rows_count: Int
  /// Whether the header is still to be written.
  let isEmpty: Bool

  /// - Parameters:
  ///   - names: the batch's clips, in order.
  ///   - isResumed: whether rows that are there stay. Half a row, where the run before was killed, is cut off.
  init(path: String, row: ClipRow, count: Int, name: (Int) -> String, isResumed: Bool) throws(Failure) {
    let flags = O_RDWR | O_CREAT | O_CLOEXEC | (isResumed ? 0 : O_TRUNC)
    let descriptor = withFileName(path) { open($0, flags, 0o644) }
    guard descriptor >= 0 else { throw Failure("\(path): cannot be written: \(systemMessage(errno))") }
    self.descriptor = descriptor
    guard isResumed else {
      rows_count = 0
      isEmpty = true
      return
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Failure("\(path): only a file can be resumed")
    }
    let content = try RowFile.content(descriptor, path: path, byteCount: Int(status.st_size))
    var end = 0
    var rows = 0
    let header = Array(row.header.utf8)
    if content.count >= header.count {
      guard content.starts(with: header) else {
        throw Failure("\(path): its first line is not that of this model's rows; give another --output")
      }
      end = header.count
      while rows < count {
        let rest = content[end...]
        let beginning = StandardOutput.bytes(of: row.beginning(name(rows)))
        let lineEnd = rest.dropFirst(beginning.count).firstIndex(of: 0x0A)
        // What is cut off is half a row of this clip, and not somebody's letter without a line end.
        guard rest.starts(with: beginning) || lineEnd == nil && beginning.starts(with: rest) else {
          throw Failure(
            "\(path): row \(rows + 1) is not about \(name(rows)) with this model and format: give another --output")
        }
        guard let lineEnd else { break }
        end = lineEnd + 1
        rows += 1
      }
      guard rows < count || end == content.count else {
        throw Failure("\(path): has more than the rows of these \(count) clips; give another --output")
      }
    } else if !header.starts(with: content) {
      throw Failure("\(path): is no table of kws-score; give another --output")
    }
    guard ftruncate(descriptor, off_t(end)) == 0, lseek(descriptor, off_t(end), SEEK_SET) >= 0 else {
      throw Failure("\(path): cannot be written: \(systemMessage(errno))")
    }
    rows_count = rows
    isEmpty = end == 0
  }

  private static func content(_ descriptor: Int32, path: String, byteCount: Int) throws(Failure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var done = 0
    while done < byteCount {
      let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + done, byteCount - done) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw Failure("\(path): cannot be read: \(systemMessage(errno))") }
      if count == 0 { break }
      done += count
    }
    return Array(bytes[..<done])
  }
}
