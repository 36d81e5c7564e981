import Foundation
import LogMel

/// The vectors that `python -m silif_tools.integer.frontend_golden` wrote.
enum Golden {
  static let settings = ["kaldi40", "other"]
  static let signals = [
    "silence", "all_high", "all_low", "alternating", "square", "impulses", "step", "least_noise", "quiet_noise",
    "loudest_noise", "voice",
  ]

  static func section(_ name: String) throws -> [UInt8] { [UInt8](try data("\(name).frnt")) }
  static func samples(_ signal: String) throws -> [Int16] { int16(try data("\(signal).pcm")) }
  static func frames(_ settings: String, _ signal: String) throws -> [Int16] {
    int16(try data("\(settings).\(signal).logmel"))
  }

  private static func data(_ file: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(file)"))
  }

  private static func int16(_ data: Data) -> [Int16] {
    let bytes = [UInt8](data)
    return stride(from: 0, to: bytes.count, by: 2).map {
      Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
    }
  }
}
