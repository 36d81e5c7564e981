import CommandSupport

/// Writes a whole text file, as `NewFile` does: never half of it stands there.
func writeFile(_ path: String, _ text: String) throws(Failure) {
  let file = try NewFile(path)
  let output = StandardOutput(descriptor: file.descriptor, name: path)
  do {
    try output.write(text)
    try output.flush()
  } catch {
    throw error as? Failure ?? Failure("\(path): cannot be written: the reader has gone")
  }
  try file.commit()
}
