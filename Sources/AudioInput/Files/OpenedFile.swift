import FileNames
import Glibc

/// A path, opened for reading, and what it turned out to be. Whoever gets the descriptor closes it.
struct OpenedFile {
  let descriptor: Int32
  let isRegular: Bool
  let size: Int64

  init(path: String) throws(AudioError) {
    // Not blocking: opening a named pipe must not wait for its writer, out of reach of the stop descriptor.
    let descriptor = withFileName(path) { open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
    guard descriptor >= 0 else { throw AudioError.system(errno, path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw AudioError.system(code, path)
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      close(descriptor)
      throw AudioError.folder(path)
    }
    self.descriptor = descriptor
    isRegular = status.st_mode & S_IFMT == S_IFREG
    size = Int64(status.st_size)
  }
}
