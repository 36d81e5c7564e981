import FileNames
import Glibc
import SpotterHost

/// Where models are looked for: a path, which has a slash or the suffix, as it is; a bare name beside the executable's
/// repository, then in `<prefix>/share/silif`. Never in the current folder: whoever may write there must not choose the model.
package enum ModelLocation {
  /// The network with the best accuracy, on clips and on streams.
  package static let defaultName = "kws12"
  static let suffix = ".silif"

  /// - Parameter nameOrPath: `kws12-small`, `models/kws12-small.silif`, ...
  package static func load(_ nameOrPath: String) throws(Failure) -> ModelFile {
    let path = try resolve(nameOrPath)
    do {
      return try ModelFile(path: path)
    } catch {
      throw Failure(modelFileMessage(error, path: path))
    }
  }

  static func resolve(_ nameOrPath: String) throws(Failure) -> String {
    // Whether a path can be read shows when it is opened.
    if nameOrPath.contains("/") || nameOrPath.hasSuffix(suffix) { return nameOrPath }
    let candidates = folders(executable: executablePath).map { "\($0)/\(nameOrPath)\(suffix)" }
    if let found = candidates.first(where: exists) { return found }
    let hint =
      exists(nameOrPath) ? "the file in this folder is ./\(nameOrPath)" : "a path has a slash or ends in \(suffix)"
    throw Failure("no model '\(nameOrPath)'; looked for \(candidates.joined(separator: ", ")); \(hint)")
  }

  /// Folders in the order of the search: `models` of the repository that the executable was built in (it lies in
  /// `<repository>/.build/<something>/release`), then `<prefix>/share/silif` of `<prefix>/bin`.
  static func folders(executable: String) -> [String] {
    var parts = executable.split(separator: "/").map(String.init)
    guard !parts.isEmpty else { return [] }
    parts.removeLast()
    var folders: [String] = []
    if let build = parts.lastIndex(where: { $0.hasPrefix(".build") }) {
      folders.append("/" + (parts[..<build] + ["models"]).joined(separator: "/"))
    }
    if !parts.isEmpty { folders.append("/" + (parts.dropLast() + ["share", "silif"]).joined(separator: "/")) }
    return folders
  }

  static var executablePath: String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes {
      readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    return count > 0 ? fileName(buffer[..<count]) : ""
  }

  private static func exists(_ path: String) -> Bool {
    var status = stat()
    return withFileName(path) { stat($0, &status) } == 0 && status.st_mode & S_IFMT != S_IFDIR
  }
}
