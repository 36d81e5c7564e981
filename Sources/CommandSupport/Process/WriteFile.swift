import Glibc

/// Writes a whole text file: beside it first, then renamed, so that never half a file stands there.
public func writeFile(_ path: String, _ text: String) throws(Failure) {
  let temporary = "\(path).\(getpid()).tmp"
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw Failure("\(path): cannot be written: \(systemMessage(errno))") }
  let output = StandardOutput(descriptor: descriptor)
  var message: String?
  do {
    try output.write(text)
    try output.flush()
  } catch { message = (error as? Failure)?.message ?? "the reader has gone" }
  if close(descriptor) != 0 && message == nil { message = systemMessage(errno) }
  if message == nil && rename(temporary, path) != 0 { message = systemMessage(errno) }
  guard let message else { return }
  unlink(temporary)
  throw Failure("\(path): cannot be written: \(message)")
}
