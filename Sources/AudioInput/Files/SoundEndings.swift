/// Whether a file's name ends as those of sound files do, libsndfile's and others. Its bytes have the last word: a file that
/// is called so and cannot be read is an error, and never raw samples or passed over.
///
/// - Parameter path: a name or a path; capitals don't matter.
package func hasSoundEnding(_ path: String) -> Bool {
  guard let dot = path.lastIndex(of: ".") else { return false }
  return endings.contains(path[path.index(after: dot)...].lowercased())
}

private let endings: Set<String> = [
  "wav", "wave", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "aifc", "au", "snd", "caf", "w64", "rf64", "voc",
  "sph", "nist", "m4a", "aac", "wma", "webm", "mp4", "mov", "amr", "mka",
]
