import Foundation
import TestSupport
import Testing

/// Files as other programs leave them: `../shared/cases/audio` stands behind each of these.
@Suite struct PeoplesFilesTests {
  let folder = TemporaryFolder()
  let sound = TestSound.samples(seconds: 1)

  private func score(_ arguments: String...) throws -> CommandResult {
    try Command.score.run(["--model", Fixture.audio, "--format", "json"] + arguments)
  }

  /// Notepad and Excel begin a text with a mark of its byte order, and end lines with two characters.
  @Test(arguments: [String.Encoding.utf8, .utf16LittleEndian, .utf16BigEndian])
  func listsAndTruthAsWindowsWritesThem(_ encoding: String.Encoding) throws {
    func bytes(_ text: String) throws -> [UInt8] {
      [UInt8](try #require("\u{FEFF}\(text)".data(using: encoding)))
    }
    try folder.write(TestSound.wav(sound), to: "yes/ä.wav")
    try folder.write(TestSound.wav(sound), to: "no/b.wav")
    let list = try folder.write(bytes("yes/ä.wav\r\nno/b.wav\r\n"), to: "list.txt")
    let report = try parsedJSON(try score("--list", list).output)
    #expect(report["labelled"] as? Int == 2)
    #expect(report["failed"] as? Int == 0)
    let truth = try folder.write(bytes("start_s,end_s,word\r\n0,0.5,yes\r\n"), to: "truth.csv")
    let stream = try score("--stream", folder.file("no/b.wav"), "--truth", truth)
    #expect(try parsedJSON(stream.output)["words"] as? Int == 1, "\(stream.errors)")
  }

  /// A muted microphone, or the wrong input: somebody waits for a word in vain.
  @Test(arguments: [0, 32, 33] as [Int16]) func silenceIsTold(_ level: Int16) throws {
    let samples = (0..<12 * 16_000).map { $0 % 100 == 0 ? -level : 0 }
    let path = try folder.write(TestSound.wav(samples), to: "quiet.wav")
    let result = try Command.listen.run("--model", Fixture.audio, "--input", path, "--format", "json")
    #expect(result.status == 0)
    #expect(!result.output.contains("silence"))
    let notices = result.errors.split(separator: "\n").filter { $0.contains("silence") }
    #expect(notices.count == (level < 33 ? 2 : 0), "\(result.errors)")
    let short = try folder.write(TestSound.wav(Array(samples[..<80_000])), to: "short.wav")
    #expect(try !Command.listen.run("--model", Fixture.audio, "--input", short).errors.contains("silence"))
  }

  /// The accuracy must not pass for that of both.
  @Test func aFolderLeavesNoSoundFileOutInSilence() throws {
    try folder.write(TestSound.wav(sound), to: "clips/yes/a.wav")
    let other = try folder.write([0, 0, 0, 32] + Array("ftypM4A mp42isom".utf8), to: "clips/yes/b.M4A")
    try folder.write("no sound", to: "clips/LICENSE")
    let result = try score(folder.file("clips"))
    let report = try parsedJSON(result.output)
    #expect(result.status == 1)
    #expect(report["clips"] as? Int == 1)
    #expect(report["failed"] as? Int == 1)
    #expect(result.errors.contains(other))
  }
}
