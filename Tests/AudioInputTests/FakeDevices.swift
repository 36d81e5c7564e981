import Foundation
import TestSupport

@testable import AudioInput

/// Capture devices that alsa-lib's `file` plugin makes out of raw files. The samples come at once; after the last, what was in the
/// buffer comes again, so a test reads so many and no more.
enum FakeDevices {
  private static let folder = TemporaryFolder()

  static func prepare() { TestDevices.prepare() }

  /// The name of a device that plays these bytes.
  static func device(_ bytes: [UInt8]) -> String {
    prepare()
    return "fake:FILE=\(try! folder.write(bytes, to: UUID().uuidString))"
  }
}
