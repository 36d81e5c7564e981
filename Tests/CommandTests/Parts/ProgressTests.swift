import Testing

@testable import kws_score

@Suite struct ProgressTests {
  @Test func rateAndTimeLeft() {
    #expect(progressText(done: 500, of: 2000, elapsed_s: 2) == "500 of 2000 clips, 250 clips/s, 6 s left")
    #expect(progressText(done: 3, of: 1000, elapsed_s: 2) == "3 of 1000 clips, 1.5 clips/s, 11 min 5 s left")
    #expect(
      progressText(done: 100, of: 1_000_000, elapsed_s: 1) == "100 of 1000000 clips, 100 clips/s, 2 h 46 min left")
    #expect(progressText(done: 2000, of: 2000, elapsed_s: 8) == "2000 of 2000 clips, 250 clips/s, 0 s left")
    #expect(progressText(done: 0, of: 10, elapsed_s: 5) == "0 of 10 clips")
  }

  /// Clips that were done before count as done, and not for the rate.
  @Test func aResumedRunTellsItsOwnRate() {
    #expect(
      progressText(done: 1500, of: 2000, since: 1000, elapsed_s: 2) == "1500 of 2000 clips, 250 clips/s, 2 s left")
    #expect(progressText(done: 1000, of: 2000, since: 1000, elapsed_s: 2) == "1000 of 2000 clips")
  }

  @Test func theBarFills() {
    #expect(progressBar(done: 0, of: 10) == "[....................]")
    #expect(progressBar(done: 5, of: 10) == "[##########..........]")
    #expect(progressBar(done: 10, of: 10) == "[####################]")
    #expect(progressBar(done: 999, of: 1000) == "[###################.]")
    #expect(progressBar(done: 0, of: 0) == "[....................]")
  }
}
