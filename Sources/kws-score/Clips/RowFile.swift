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
    // Whoever could read a pipe of its own would never hear that its reader has gone.
    let access = isResumed ? O_RDWR : O_WRONLY
    let descriptor = withFileName(path) { open($0, access | O_CREAT | O_CLOEXEC, 0o644) }
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
    var table = TableReader(descriptor, path: path)
    var rows = 0
    var failed = 0
    var last: (index: Int, row: [UInt8])?
    let header = Array(row.header.utf8)
    let first = try table.peek(header.count)
    if first.count == header.count {
      guard first.elementsEqual(header) else {
        throw Failure("\(path): its first line is not that of this model's rows; give another --output")
      }
      table.take(header.count)
      while rows < count {
        let beginning = StandardOutput.bytes(of: row.beginning(name(rows)))
        let isOfClip = try beginning.starts(with: table.peek(beginning.count))
        let line = try table.line(longerThan: beginning.count)
        // What is cut off is half a row of this clip, and not somebody's letter without a line end.
        guard isOfClip else {
          throw Failure(
            "\(path): row \(rows + 1) is not about \(name(rows)) with this model and format: give another --output")
        }
        guard let line else { break }
        if row.tellsFailure(line) { failed += 1 } else { last = (rows, line) }
        table.take(line.count + 1)
        rows += 1
      }
      let isEnd = try table.peek(1).isEmpty
      guard rows < count || isEnd else {
        throw Failure("\(path): has more than the rows of these \(count) clips; give another --output")
      }
    } else if !header.starts(with: first) {
      throw Failure("\(path): is no table of kws-score; give another --output")
    }
    let end = table.taken_bytes
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
}

/// A table from its beginning, some rows in memory at a time: it may be longer than that.
private struct TableReader {
  /// What the rows before took.
  private(set) var taken_bytes = 0
  private let descriptor: Int32
  private let path: String
  private var buffer: [UInt8] = []
  /// Of what is not taken yet, in the buffer.
  private var start = 0

  init(_ descriptor: Int32, path: String) { (self.descriptor, self.path) = (descriptor, path) }

  /// The next bytes; fewer where the file ends.
  mutating func peek(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
    while buffer.count - start < count, try fill() {}
    return buffer[start...].prefix(count)
  }

  /// The next bytes until a line end, which is none of the first `count`; nil where the file ends before it.
  mutating func line(longerThan count: Int) throws(Failure) -> [UInt8]? {
    var searched = count
    while true {
      let unsearched = buffer.count - start - searched
      if unsearched > 0 {
        let length = buffer.withUnsafeBytes { bytes in
          let row = bytes.baseAddress! + start
          return memchr(row + searched, 0x0A, unsearched).map { UnsafeRawPointer($0) - row }
        }
        if let length { return Array(buffer[start..<start + length]) }
        searched += unsearched
      }
      guard try fill() else { return nil }
    }
  }

  mutating func take(_ count: Int) {
    start += count
    taken_bytes += count
  }

  /// Whether there was more.
  private mutating func fill() throws(Failure) -> Bool {
    buffer.removeSubrange(..<start)
    start = 0
    let held = buffer.count
    buffer += repeatElement(0, count: 1 << 20)
    var count: Int
    repeat {
      count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + held, $0.count - held) }
    } while count < 0 && errno == EINTR
    guard count >= 0 else { throw Failure("\(path): cannot be read: \(systemMessage(errno))") }
    buffer.removeLast(buffer.count - held - count)
    return count > 0
  }
}
