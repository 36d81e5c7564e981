import AudioInput
import CommandSupport
import FileNames
import Glibc

/// Finds the sound files below a folder, in the order of their names, and what they are labelled with. Files that are not
/// named as sound files are (lists, licences) are passed over; those that are and cannot be read fail in their turn.
struct FolderSearch {
  private let rule: WordRule
  /// Folders already asked whether they hold a word's folder.
  private var isWordFolder: [String: Bool] = [:]
  /// What was passed over, by the reason.
  private(set) var leftOut = LeftOut()

  init(rule: WordRule) { self.rule = rule }

  /// - Parameters:
  ///   - path: a sound file, whatever its name, or a folder that is searched.
  ///   - isOneOfMany: what is not there, a folder without a sound and one that cannot be searched are then clips that fail
  ///     in their turn, so that they do not lose the others.
  mutating func clips(at path: String, isOneOfMany: Bool) throws(Failure) -> [SoundClip] {
    var status = stat()
    guard withFileName(path, { stat($0, &status) }) == 0 else {
      if isOneOfMany { return [SoundClip(path: path, label: label(of: path))] }
      throw Failure("\(path): \(errno == ENOENT ? "no such file or folder; check the path" : systemMessage(errno))")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { return [SoundClip(path: path, label: label(of: path))] }
    var clips: [SoundClip] = []
    var searched: Set<[UInt64]> = []
    do throws(Failure) {
      try search(path, &searched, into: &clips)
      guard !clips.isEmpty else { throw Failure("\(path): no sound file in this folder; give one that holds some") }
    } catch {
      guard isOneOfMany else { throw error }
      clips.append(SoundClip(path: path, label: nil, failure: error.message))
    }
    return clips
  }

  /// - Parameter searched: device and inode of the folders so far: a link to one of them would count its clips twice, or
  ///   go round in a circle.
  private mutating func search(
    _ folder: String, _ searched: inout Set<[UInt64]>, into clips: inout [SoundClip]
  ) throws(Failure) {
    var status = stat()
    guard withFileName(folder, { stat($0, &status) }) == 0 else { throw Failure("\(folder): \(systemMessage(errno))") }
    guard searched.insert([UInt64(status.st_dev), UInt64(status.st_ino)]).inserted else {
      return leftOut.add(.searched, folder)
    }
    for name in try FolderSearch.names(in: folder, hidden: { leftOut.add(.hidden, "\(folder)/\($0)") }) {
      let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
      guard withFileName(path, { stat($0, &status) }) == 0 else {
        // A broken link: a clip that fails in its turn, not one left out in silence.
        if hasSoundEnding(name) {
          clips.append(SoundClip(path: path, label: label(of: path)))
        } else {
          leftOut.add(.notNamedAsSound, path)
        }
        continue
      }
      switch status.st_mode & S_IFMT {
      case S_IFDIR where name == WordRule.passedOverFolder: leftOut.add(.background, path)
      case S_IFDIR:
        do { try search(path, &searched, into: &clips) } catch {
          // One that nobody may look into fails in its turn, as a file does.
          clips.append(SoundClip(path: path, label: nil))
        }
      case S_IFREG where hasSoundEnding(name): clips.append(SoundClip(path: path, label: label(of: path)))
      case S_IFREG: leftOut.add(.notNamedAsSound, path)
      default: leftOut.add(.noFile, path)
      }
    }
  }

  /// The parent folder names the word, where that folder's own parent holds the folder of at least one word.
  private mutating func label(of path: String) -> Int? {
    guard let real = withFileName(path, { realpath($0, nil) }) else { return nil }
    defer { free(real) }
    let parts = pathComponents(fileName(cString: real))
    guard parts.count >= 3 else { return nil }
    let folder = "/" + parts.dropLast(2).joined(separator: "/")
    if isWordFolder[folder] == nil {
      let names = (try? FolderSearch.names(in: folder)) ?? []
      isWordFolder[folder] = names.contains { rule.isWord($0) && FolderSearch.isFolder("\(folder)/\($0)") }
    }
    return isWordFolder[folder] == true ? rule.label(folder: parts[parts.count - 2]) : nil
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return withFileName(path) { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Sorted by bytes, so that every machine sees the same order; hidden names are left out.
  private static func names(in folder: String, hidden: (String) -> Void = { _ in }) throws(Failure) -> [String] {
    guard let stream = withFileName(folder, { opendir($0) }) else {
      throw Failure("\(folder): \(systemMessage(errno))")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { fileName(cString: $0) }
      }
      if !name.hasPrefix(".") {
        names.append(name)
      } else if name != "." && name != ".." && hasSoundEnding(name) {
        hidden(name)
      }
    }
    return names.sorted { fileNameBytes($0).lexicographicallyPrecedes(fileNameBytes($1)) }
  }
}

/// What a search passed over, for whoever counts clips.
struct LeftOut {
  enum Reason: String, CaseIterable {
    case notNamedAsSound = "not named as sound"
    case background = "background noise, which is no word"
    case hidden = "hidden"
    case searched = "searched by another name"
    case noFile = "a pipe or a device"
  }

  private static let mostNames = 3
  private var counts: [Reason: Int] = [:]
  private var names: [Reason: [String]] = [:]

  mutating func add(_ reason: Reason, _ path: String) {
    counts[reason, default: 0] += 1
    if names[reason, default: []].count < Self.mostNames { names[reason, default: []].append(path) }
  }

  /// A line for each reason.
  var lines: [String] {
    Reason.allCases.compactMap { reason in
      guard let count = counts[reason], let names = names[reason] else { return nil }
      let more = count > names.count ? " and \(count - names.count) more" : ""
      return "left out (\(reason.rawValue)): \(names.joined(separator: ", "))\(more)"
    }
  }
}
