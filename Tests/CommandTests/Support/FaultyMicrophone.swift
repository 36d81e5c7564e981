import AudioInput
import Glibc
import TestSupport

/// Microphones that play the demo recording and misbehave by script, through libasound: Tests/Fixtures/fault_plugin.c.
final class FaultyMicrophone {
  /// Hears the demo's words.
  static let model = "\(repository)/models/kws12.silif"
  static let device = "fault"

  private static let repository = Fixture.audio.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

  let folder = TemporaryFolder()
  /// The configuration, for ALSA_CONFIG_PATH.
  let configuration: String

  /// - Parameter script: lines as the head of the plugin explains.
  init(_ script: [String]) throws {
    try folder.write(script.joined(separator: "\n"), to: "script")
    try folder.write(TestSound.raw(Self.demo()), to: "demo.raw")
    let plugin = folder.file("libasound_module_pcm_fault.so")
    try Self.compilePlugin(to: plugin, in: folder)
    configuration = try folder.write(
      """
      </usr/share/alsa/alsa.conf>
      pcm_type.fault { lib "\(plugin)" }
      pcm.fault { type fault script "\(folder.file("script"))" audio "\(folder.file("demo.raw"))" }
      """, to: "asound.conf")
  }

  /// The name of this microphone in the tests' own process. One there has all of them (the plugin keeps its script).
  func deviceInThisProcess() throws -> String {
    try Self.compilePlugin(to: TestDevices.faultPlugin, in: folder)
    TestDevices.prepare()
    return "fault:SCRIPT=\(folder.file("script")),AUDIO=\(folder.file("demo.raw"))"
  }

  private static func compilePlugin(to library: String, in folder: TemporaryFolder) throws {
    try compile("fault_plugin.c", to: library, "-DPIC -Wl,-z,nodelete -lasound", in: folder)
  }

  /// Makes a library of a file in Tests/Fixtures.
  static func compile(_ source: String, to library: String, _ options: String, in folder: TemporaryFolder) throws {
    let compiler = try Child(
      "/bin/sh",
      ["-c", "cc -shared -fPIC -O1 -Wall -Werror -o \(library) \(repository)/Tests/Fixtures/\(source) \(options)"],
      files: [(1, folder.file("compiler"), O_WRONLY), (2, folder.file("compiler"), O_WRONLY)])
    guard compiler.wait() == 0 else { throw Unusable(why: try folder.read("compiler")) }
  }

  struct Unusable: Error { let why: String }

  /// The demo recording.
  static func demo() throws -> [Int16] {
    let source = try openInput(path: "\(repository)/models/demo.flac")
    var samples: [Int16] = []
    var block = [Int16](repeating: 0, count: 4096)
    while case .samples(let count) = try block.withUnsafeMutableBufferPointer({ try source.read(into: $0) }) {
      samples += block[..<count]
    }
    return samples
  }

  /// Where each word of the demo lies, in samples.
  static func words() throws -> [(start: Int, end: Int, word: String)] {
    let lines = String(decoding: try TemporaryFolder.bytes("\(repository)/models/demo.csv"), as: UTF8.self)
    return lines.split(separator: "\n").dropFirst().map { line in
      let cells = line.split(separator: ",")
      return (Int(Double(cells[0])! * 16_000), Int(Double(cells[1])! * 16_000), String(cells[2]))
    }
  }
}
