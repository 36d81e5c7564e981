import AudioInput
import CommandSupport
import SpotterHost

/// Which clips the command was asked to score.
enum BatchInput {
  case paths([String])
  case list(String, root: String?)
  case frames(String, labels: String?)

  /// - Throws: Failure where nothing can be scored at all; a single bad clip shows only when it is its turn.
  func batch(for file: ModelFile, _ sound: SoundSettings) throws(Failure) -> any ClipBatch {
    let rule = WordRule(model: file.model)
    switch self {
    case .paths(let paths):
      try file.requireAudio()
      var search = FolderSearch(rule: rule)
      var clips: [SoundClip] = []
      for path in paths { clips += try search.clips(at: path, isOneOfMany: paths.count > 1) }
      for line in search.leftOut.lines { Diagnostics.say(line, command: "kws-score") }
      return SoundBatch(clips, settings: sound)
    case .list(let list, let root):
      try file.requireAudio()
      return SoundBatch(try ClipList.clips(list: list, root: root, rule: rule), settings: sound)
    case .frames(let frames, let labels):
      let labels = try labels.map { path throws(Failure) in try NumpyArray(path: path) }
      return try FrameBatch(frames: try NumpyArray(path: frames), labels: labels, header: file.model.header)
    }
  }
}
