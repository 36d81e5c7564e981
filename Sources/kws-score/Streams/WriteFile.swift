import CommandSupport

/// Writes a whole text file, as `NewFile` does: never half of it stands there.
func writeFile(_ path: String, _ text: String) throws(Failure) {
  let file = try NewFile(path)
  let output = StandardOutput(descriptor: file.descriptor)
  do {
    try output.write(text)
    try output.flush()
  } catch {
    throw Failure("\(path): cannot be written: \((error as? Failure)?.message ?? "the reader has gone")")
  }
  try file.commit()
}
