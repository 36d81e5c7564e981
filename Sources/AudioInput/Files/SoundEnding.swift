/// What the ending of a file's name says, where it is one that sound files have. Their bytes have the last word.
package enum SoundEnding: Sendable {
  /// libsndfile reads such files.
  case readable
  /// Sound, but not for libsndfile, or not for every build of it.
  case other

  /// - Parameter path: a name or a path; capitals don't matter.
  /// - Returns: nil for every other ending, and for none.
  package init?(of path: String) {
    guard let dot = path.lastIndex(of: ".") else { return nil }
    switch path[path.index(after: dot)...].lowercased() {
    case "wav", "wave", "w64", "rf64", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "aifc", "au", "snd", "caf":
      self = .readable
    case "voc", "sph", "nist", "m4a", "aac", "wma", "webm", "mp4": self = .other
    default: return nil
    }
  }
}
