import Glibc

/// Devices that alsa-lib makes in the tests' own process. It has one configuration and one environment for all threads, and tests
/// run at once: so one file has all such devices, and it is named once.
package enum TestDevices {
  private static let folder: TemporaryFolder = {
    let folder = TemporaryFolder()
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
      pcm_type.fault { lib "\(folder.file("fault.so"))" }
      pcm.fault {
        @args [ SCRIPT AUDIO ]
        @args.SCRIPT { type string }
        @args.AUDIO { type string }
        type fault
        script $SCRIPT
        audio $AUDIO
      }
      """
    setenv("ALSA_CONFIG_PATH", try! folder.write(configuration, to: "asound.conf"), 1)
    return folder
  }()

  /// Where the plugin of Tests/Fixtures/fault_plugin.c has to lie before `fault` is opened.
  package static var faultPlugin: String { folder.file("fault.so") }

  /// Before alsa-lib's first use in a test.
  package static func prepare() { _ = folder }
}
