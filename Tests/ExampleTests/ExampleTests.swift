import Glibc
import LogMel
import SiLIF
import SpotterHost
import Testing

/// The Swift examples on the first pages of the libraries' documentation: they run, and the pages show what ran.
@Suite("Examples of the documentation")
struct ExampleTests {
  static let repository = #filePath.components(dropping: 3)
  static let model = repository + "/models/kws12.silif"
  static let sound = repository + "/models/demo.flac"

  @Test func audioInputReadsAFile() throws {
    // 14.92 s, 16 kHz.
    #expect(try audio(at: ExampleTests.sound).count == 238_675)
  }

  @Test func keywordSpotterHearsTheDemo() throws {
    let heard = try keywords(in: audio(at: ExampleTests.sound), modelPath: ExampleTests.model)
    #expect(heard.map(\.word) == ["yes", "stop", "left", "right", "down", "off", "no"])
    #expect(heard.allSatisfy { $0.time_s > 1 && $0.time_s < 15 })
  }

  @Test func logMelFramesDoNotDependOnBlocks() throws {
    let file = try ModelFile(path: ExampleTests.model)
    let samples = Array(try audio(at: ExampleTests.sound)[..<16_000])
    let section = try #require(file.model.frontEnd)
    let whole = try frames(of: [samples], section: section)
    #expect(whole.count == 98)
    #expect(whole[0].count == 40)
    #expect(try frames(of: [Array(samples[..<7]), Array(samples[7...])], section: section) == whole)
  }

  @Test func siLIFTakesSilenceForSilence() throws {
    let file = try ModelFile(path: ExampleTests.model)
    let section = try #require(file.model.frontEnd)
    let silence = try frames(of: [[Int16](repeating: 0, count: 16_000)], section: section)
    let bytes = try bytes(of: ExampleTests.model)
    defer { bytes.deallocate() }
    let winner = try lastWinner(frames: silence, modelBytes: UnsafeRawBufferPointer(bytes))
    #expect(file.model.words.strings[winner] == "_silence_")
  }

  @Test(arguments: ["SiLIF", "LogMel", "KeywordSpotter", "AudioInput"])
  func thePageShowsWhatRan(library: String) throws {
    let source = try text(of: ExampleTests.repository + "/Tests/ExampleTests/\(library)Example.swift")
    let page = try text(of: ExampleTests.repository + "/Sources/\(library)/\(library).docc/\(library).md")
    let example = try #require(source.between("// example\n", "// end\n"))
    #expect(page.between("```swift\n", "```\n") == example)
  }

  private func bytes(of path: String) throws -> UnsafeMutableRawBufferPointer {
    let descriptor = open(path, O_RDONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let count = Int(lseek(descriptor, 0, SEEK_END))
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    #expect(pread(descriptor, bytes.baseAddress, count, 0) == count)
    return bytes
  }

  private func text(of path: String) throws -> String {
    let bytes = try bytes(of: path)
    defer { bytes.deallocate() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension String {
  /// A path without its last parts.
  fileprivate func components(dropping count: Int) -> String {
    split(separator: "/", omittingEmptySubsequences: false).dropLast(count).joined(separator: "/")
  }

  /// What stands between the first `start` and the next `end`.
  fileprivate func between(_ start: String, _ end: String) -> Substring? {
    guard let first = firstRange(of: start), let last = self[first.upperBound...].firstRange(of: end) else {
      return nil
    }
    return self[first.upperBound..<last.lowerBound]
  }
}
