import Foundation

/// A folder that goes away with the test.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "/audio-input-" + UUID().uuidString
    try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  func write(_ bytes: [UInt8], to name: String) -> String {
    precondition(FileManager.default.createFile(atPath: file(name), contents: Data(bytes)))
    return file(name)
  }
}

func bytes(of path: String) -> [UInt8] { [UInt8](FileManager.default.contents(atPath: path)!) }
