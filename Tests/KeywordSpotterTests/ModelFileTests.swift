import Glibc
import SpotterHost
import Testing

@Suite struct ModelFileTests {
  private func errno(_ path: String) -> Int32? {
    do {
      _ = try ModelFile(path: path)
    } catch {
      if case .system(let code) = error { return code }
    }
    return nil
  }

  @Test func systemErrorsAreTold() {
    #expect(errno("/nowhere/x.silif") == ENOENT)
    #expect(errno("/tmp") == EISDIR)
  }

  @Test func anEmptyFileIsNoModel() {
    #expect(throws: ModelFileError.self) { _ = try ModelFile(path: "/dev/null") }
  }

  @Test func wordsAreText() throws {
    #expect(try SpotterFixture.audio().model.words.strings == ["yes", "no", "stop", "unknown", "silence"])
  }
}
