/// Whether a file's name ends as those of sound files do, libsndfile's and others. Its bytes have the last word: a file that
/// is called so and cannot be read is an error, and never raw samples or passed over.
///
/// - Parameter path: a name or a path; capitals don't matter.
package func hasSoundEnding(_ path: String) -> Bool {
  guard let dot = path.lastIndex(of: ".") else { return false }
  let ending = path[path.index(after: dot)...].lowercased()
  return readableEndings.contains(ending) || otherEndings.contains(ending)
}

/// What libsndfile reads. Twins: tools/silif_tools/sound.py, python/silif/_sound.py
private let readableEndings: Set<String> = [
  "wav", "wave", "w64", "rf64", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "aifc", "au", "snd", "caf",
]

/// Sound, but not for libsndfile, or not for every build of it.
private let otherEndings: Set<String> = [
  "voc", "sph", "nist", "m4a", "aac", "wma", "webm", "mp4", "mov", "amr", "mka", "mp1", "mp2", "ac3", "eac3", "dts",
  "wv", "tta",
  "ape", "mpc", "m4b", "3gp", "spx",
]
