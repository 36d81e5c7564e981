import FileNames
import Glibc

/// A file that appears whole or not at all: written under another name in the target's folder, then renamed.
///
/// A target that is a link stays one: the file that it leads to is replaced. What is there and is no file (`/dev/stdout`, a
/// named pipe) is written to, not replaced. Permissions, and where it is allowed the owner, stay as they were.
package final class NewFile {
  /// To write to.
  package let descriptor: Int32
  private let path: String
  /// The target, links followed.
  private let target: String
  /// nil: the target itself is written to. Where `commit` or `discard` has ended the file, `isOpen` is false.
  private let temporary: String?
  private var isOpen = true

  /// - Parameter path: the target, as it is called in messages.
  /// - Throws: Failure where nothing can be written there.
  package init(_ path: String) throws(Failure) {
    self.path = path
    var status = stat()
    let isThere = withFileName(path) { stat($0, &status) } == 0
    if isThere && status.st_mode & S_IFMT != S_IFREG {
      (target, temporary) = (path, nil)
      descriptor = withFileName(path) { open($0, O_WRONLY | O_CLOEXEC | O_NOCTTY) }
      guard descriptor >= 0 else { throw NewFile.failure(path, errno) }
      return
    }
    if isThere, let real = withFileName(path, { realpath($0, nil) }) {
      target = fileName(cString: real)
      free(real)
    } else {
      target = path
    }
    // Writing over a file that may not be written would be a surprise, though the folder's permissions allow a new one.
    guard !isThere || withFileName(target, { access($0, W_OK) }) == 0 else { throw NewFile.failure(path, errno) }
    let folder = NewFile.folder(of: target)
    var name = ""
    var opened: Int32 = -1
    // Never a file that is there, and never through a link that somebody put there.
    for _ in 0..<100 where opened < 0 {
      name = "\(folder)/.silif-\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
      opened = withFileName(name) {
        open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, isThere ? 0o600 : 0o666)
      }
      if opened < 0 && errno != EEXIST { break }
    }
    guard opened >= 0 else { throw NewFile.failure(path, errno) }
    (descriptor, temporary) = (opened, name)
    if isThere {
      _ = fchown(descriptor, status.st_uid, status.st_gid)
      _ = fchmod(descriptor, status.st_mode & 0o777)
    }
  }

  deinit { discard() }

  /// Sees that what was written is on the disk, so that `commit` has little left that can go wrong.
  ///
  /// - Throws: Failure, as `commit`.
  package func sync() throws(Failure) {
    if temporary != nil && fsync(descriptor) != 0 { throw NewFile.failure(path, errno) }
  }

  /// Gives the file its name, once it is on the disk.
  ///
  /// - Throws: Failure; the target is what it was then.
  package func commit() throws(Failure) {
    precondition(isOpen, "a file ends once")
    var code: Int32 = 0
    // Of a pipe or a terminal there is nothing to sync, and that is no error.
    if temporary != nil && fsync(descriptor) != 0 { code = errno }
    isOpen = false
    if close(descriptor) != 0 && code == 0 { code = errno }
    guard let temporary else {
      if code != 0 { throw NewFile.failure(path, code) }
      return
    }
    if code == 0 && withFileName(temporary, { from in withFileName(target) { rename(from, $0) } }) != 0 { code = errno }
    guard code == 0 else {
      _ = withFileName(temporary) { unlink($0) }
      throw NewFile.failure(path, code)
    }
    syncFolder()
  }

  /// Gives up what was written. Nothing happens after `commit`.
  package func discard() {
    guard isOpen else { return }
    isOpen = false
    close(descriptor)
    if let temporary { _ = withFileName(temporary) { unlink($0) } }
  }

  /// So that the name, too, outlives a loss of power.
  private func syncFolder() {
    let descriptor = withFileName(NewFile.folder(of: target)) { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func failure(_ path: String, _ code: Int32) -> Failure {
    Failure("\(path): cannot be written: \(systemMessage(code))")
  }
}
