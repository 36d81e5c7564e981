import CommandSupport
import FileNames
import Glibc

/// The file of `--output`: a new one, or with `--resume` one that holds the first rows of the same clips.
struct RowFile {
  let descriptor: Int32
  /// Rows that it holds already.
  let rows_count: Int
  /// How many of them tell of a clip that could not be scored.
  let failed_count: Int
  /// The last of the others, with its clip's index, without the line end.
  let lastScored: (index: Int, row: [UInt8])?
  /// Where the rows that it holds end; nil where it is new.
  private let end_bytes: Int?
  /// Whether the header is still to be written.
  let isEmpty: Bool

  /// - Parameters:
  ///   - names: the batch's clips, in order.
  ///   - isResumed: whether rows that are there stay. Half a row, where the run before was killed, is cut off.
  ///   - replaces: whether what is there may go.
  init(
    path: String, row: ClipRow, count: Int, name: (Int) -> String, isResumed: Bool, replaces: Bool
  ) throws(Failure) {
    let descriptor = withFileName(path) { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) }
    guard descriptor >= 0 else { throw Failure("\(path): cannot be written: \(systemMessage(errno))") }
    self.descriptor = descriptor
    var status = stat()
    let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    guard isResumed else {
      guard !isFile || status.st_size == 0 || replaces else {
        throw Failure(
          "\(path): is there already; go on with its rows by --resume, replace it by --force, or give another --output")
      }
      guard !isFile || ftruncate(descriptor, 0) == 0 else {
        throw Failure("\(path): cannot be written: \(systemMessage(errno))")
      }
      (rows_count, failed_count, lastScored, end_bytes, isEmpty) = (0, 0, nil, nil, true)
      return
    }
    guard isFile else { throw Failure("\(path): only a file can be resumed") }
    let content = try RowFile.content(descriptor, path: path, byteCount: Int(status.st_size))
    var end = 0
    var rows = 0
    var failed = 0
    var last: (index: Int, row: [UInt8])?
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
        let line = Array(content[end..<lineEnd])
        if row.tellsFailure(line) { failed += 1 } else { last = (rows, line) }
        end = lineEnd + 1
        rows += 1
      }
      guard rows < count || end == content.count else {
        throw Failure("\(path): has more than the rows of these \(count) clips; give another --output")
      }
    } else if !header.starts(with: content) {
      throw Failure("\(path): is no table of kws-score; give another --output")
    }
    end_bytes = end
    (rows_count, failed_count, lastScored) = (rows, failed, last)
    isEmpty = end == 0
  }

  /// Cuts half a row off, once it is sure that the rest fits.
  func goOn(path: String) throws(Failure) {
    guard let end_bytes else { return }
    guard ftruncate(descriptor, off_t(end_bytes)) == 0, lseek(descriptor, off_t(end_bytes), SEEK_SET) >= 0 else {
      throw Failure("\(path): cannot be written: \(systemMessage(errno))")
    }
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
