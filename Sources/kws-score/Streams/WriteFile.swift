import CommandSupport
import Glibc

/// Writes a whole text file: beside it first, then renamed, so that never half a file stands there.
///
/// What is there and is no file (`/dev/stdout`, `/dev/null`, a named pipe) is written to, not replaced.
func writeFile(_ path: String, _ text: String) throws(Failure) {
  var status = stat()
  let isReplaced = lstat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
  let temporary = isReplaced ? "\(path).\(getpid()).tmp" : path
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw Failure("\(path): cannot be written: \(systemMessage(errno))") }
  let output = StandardOutput(descriptor: descriptor)
  var message: String?
  do {
    try output.write(text)
    try output.flush()
  } catch { message = (error as? Failure)?.message ?? "the reader has gone" }
  if close(descriptor) != 0 && message == nil { message = systemMessage(errno) }
  if message == nil && isReplaced && rename(temporary, path) != 0 { message = systemMessage(errno) }
  guard let message else { return }
  if isReplaced { unlink(temporary) }
  throw Failure("\(path): cannot be written: \(message)")
}
