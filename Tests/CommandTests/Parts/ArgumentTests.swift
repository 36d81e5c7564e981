import Testing

@testable import CommandSupport
@testable import kws_listen
@testable import kws_score

@Suite struct ArgumentTests {
  @Test(arguments: [
    ("30s", 30.0), ("500ms", 0.5), ("2m", 120), ("1h", 3600), ("2.5", 2.5), ("0.1s", 0.1),
  ])
  func durations(_ text: String, _ seconds: Double) {
    #expect(AudioDuration(argument: text)?.seconds == seconds)
  }

  @Test(arguments: ["", "s", "0", "-3s", "abc", "1d", "inf", "nan", "1e99h", "3 s x"]) func noDurations(_ text: String)
  {
    #expect(AudioDuration(argument: text) == nil)
  }

  @Test func keywordThresholds() {
    #expect(KeywordThreshold(argument: "yes=0.8")?.word == "yes")
    #expect(KeywordThreshold(argument: "yes=0.8")?.threshold == 0.8)
    #expect(KeywordThreshold(argument: "a=b=1")?.word == "a=b")
    for text in ["yes", "=0.5", "yes=", "yes=x", "yes=1.1", "yes=-0.1", "yes=nan"] {
      #expect(KeywordThreshold(argument: text) == nil)
    }
  }

  @Test func modelsAreFoundBesideTheRepositoryAndInThePrefix() {
    #expect(
      ModelLocation.folders(executable: "/home/x/silif/.build/x86_64-linux/release/kws-listen")
        == ["/home/x/silif/models", "/home/x/silif/.build/x86_64-linux/share/silif"])
    #expect(ModelLocation.folders(executable: "/usr/local/bin/kws-listen") == ["/usr/local/share/silif"])
    #expect(ModelLocation.folders(executable: "") == [])
  }

  @Test func wordRule() {
    let rule = WordRule(words: ["yes", "unknown", "silence"], unknownIndex: 1, silenceIndex: 2)
    #expect(rule.label(folder: "yes") == 0)
    #expect(rule.label(folder: "bed") == 1)
    #expect(rule.label(folder: "_silence_") == 2)
    let bare = WordRule(words: ["0", "1"], unknownIndex: nil, silenceIndex: nil)
    #expect(bare.label(folder: "bed") == nil)
    #expect(bare.label(folder: "_silence_") == nil)
    #expect(bare.label(folder: "1") == 1)
  }
}
