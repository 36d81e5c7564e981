import CommandSupport
import FileNames
import Glibc

/// A unix socket that any number of programs may read: each gets every line from when it connected. One that does not read is
/// dropped when its buffer is full: it must not hold up the others.
///
/// Whoever might read a file that this process makes may read the socket: the umask says it.
final class SocketLines: LineOutput {
  private let path: String
  private let listening: Int32
  private var readers: [Int32] = []
  /// Whether the last who came could not be let in, for want of descriptors.
  private var isStuck = false
  /// Only then the path is this program's, to be removed in the end.
  private var isBound = false
  static let mostReaders = 32

  /// - Throws: Failure where the socket cannot be made, or another program listens there.
  init(path: String) throws(Failure) {
    self.path = path
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    let bytes = fileNameBytes(path)
    guard bytes.count < capacity else {
      throw Failure("\(path): a socket's path has at most \(capacity - 1) bytes; give a shorter one")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    func call(_ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, _ socket: Int32) -> Int32 {
      withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          function(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
    }
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    listening = socket(AF_UNIX, kind, 0)
    guard listening >= 0 else { throw Failure("\(path): no socket: \(systemMessage(errno))") }
    // To connect takes the right to write, which the umask of most denies to all others. The audio thread does not run yet.
    let mask = umask(0o777)
    umask(mask & ~((~mask & 0o444) >> 1))
    defer { umask(mask) }
    var code = call(bind, listening)
    if code < 0 && errno == EADDRINUSE {
      // A file of somebody's refuses connections, too.
      var status = stat()
      guard withFileName(path, { lstat($0, &status) }) != 0 || status.st_mode & S_IFMT == S_IFSOCK else {
        close(listening)
        throw Failure("\(path): is there already, and is no socket; give another path")
      }
      // Left behind by one that was killed, unless somebody answers.
      let probe = socket(AF_UNIX, kind, 0)
      defer { close(probe) }
      let answers = call(connect, probe) == 0 || errno != ECONNREFUSED
      if !answers {
        _ = withFileName(path) { unlink($0) }
        code = call(bind, listening)
      } else {
        errno = EADDRINUSE
      }
    }
    guard code == 0, listen(listening, 128) == 0 else {
      let hint =
        errno == EADDRINUSE ? "is another kws-listen running?" : "give a path in a folder that this user may write to"
      throw Failure("\(path): no socket: \(systemMessage(errno)); \(hint)")
    }
    isBound = true
  }

  deinit {
    for reader in readers { close(reader) }
    close(listening)
    if isBound { _ = withFileName(path) { unlink($0) } }
  }

  /// Not while that would only say again that there is somebody who cannot be let in.
  var listeningDescriptor: Int32? { isStuck ? nil : listening }

  /// Who has connected, in the place of those who have gone.
  func admit() {
    while case let reader = accept(listening, nil, nil), reader >= 0 {
      _ = fcntl(reader, F_SETFD, FD_CLOEXEC)
      _ = fcntl(reader, F_SETFL, O_NONBLOCK)
      readers.append(reader)
    }
    isStuck = errno != EAGAIN
    // Also of those who have just come: some do not wait to be let in.
    readers.removeAll { reader in
      var entry = pollfd(fd: reader, events: 0, revents: 0)
      let hasGone = poll(&entry, 1, 0) > 0
      if hasGone { close(reader) }
      return hasGone
    }
    while readers.count > Self.mostReaders { close(readers.removeLast()) }
  }

  func write(_ line: String) {
    admit()
    let bytes = Array(line.utf8)
    readers.removeAll { reader in
      let sent = bytes.withUnsafeBytes { send(reader, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if sent != bytes.count { close(reader) }
      return sent != bytes.count
    }
  }

  var outputDescriptor: Int32? { nil }

  func reopen() {}
}
