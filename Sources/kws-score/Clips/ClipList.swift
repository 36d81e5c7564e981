import CommandSupport
import FileNames

/// `--list`: one path a line, relative to a root; the parent folder is the word. A path without a folder is unlabelled.
///
/// Twins: python/silif/job/_parts.py
enum ClipList {
  /// Three million paths.
  private static let limit_MiB = 256

  /// - Parameter root: nil for the folder that the list lies in.
  static func clips(list path: String, root: String?, rule: WordRule) throws(Failure) -> [SoundClip] {
    let text = try textFile(path, limit_MiB: limit_MiB, wanted: "--list wants one path a line")
    let root = root ?? parent(of: path)
    guard FolderSearch.isFolder(root) else { throw Failure("\(root): no such folder; check --root") }
    var clips: [SoundClip] = []
    // Only what ends a line in a file of text, and what stands around names: these may have other characters that look like it.
    for line in text.split(whereSeparator: { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }) {
      let name = trimmed(line) { $0 == " " || $0 == "\t" }
      if name.isEmpty { continue }
      // `find .` writes ./x.wav.
      let parts = pathComponents(name).filter { $0 != "." }
      let folder = parts.count < 2 ? nil : parts[parts.count - 2]
      if folder == WordRule.passedOverFolder { continue }
      let clip = name.utf8.first == 0x2F ? name : "\(root)/\(name)"
      clips.append(SoundClip(path: clip, label: folder.flatMap { rule.label(folder: $0) }))
    }
    guard !clips.isEmpty else { throw Failure("\(path): the list is empty") }
    return clips
  }

  private static func parent(of path: String) -> String {
    guard let slash = path.unicodeScalars.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
