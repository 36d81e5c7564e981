import Foundation
import TestSupport

@testable import AudioInput

/// Capture devices that alsa-lib's `file` plugin makes out of raw files. The samples come at once; after the last, what was in the
/// buffer comes again, so a test reads so many and no more.
enum FakeDevices {
  private static let folder: TemporaryFolder = {
    let folder = TemporaryFolder()
    // alsa-lib reads the environment at its first use; all tests that use it come by here first.
    let configuration = """
      </usr/share/alsa/alsa.conf>
      pcm.fake {
        @args [ FILE ]
        @args.FILE { type string default "/dev/null" }
        type file
        slave.pcm null
        file /dev/null
        infile $FILE
        format raw
        hint { show on; description "Samples from a file" }
      }
      """
    setenv("ALSA_CONFIG_PATH", try! folder.write(Array(configuration.utf8), to: "asound.conf"), 1)
    return folder
  }()

  static func prepare() { _ = folder }

  /// The name of a device that plays these bytes.
  static func device(_ bytes: [UInt8]) -> String {
    "fake:FILE=\(try! folder.write(bytes, to: UUID().uuidString))"
  }
}
