import TestSupport
import Testing

/// `kws-score --frames`.
@Suite struct ScoreFramesTests {
  let folder: TemporaryFolder
  /// [3 clips, 5 steps, 8 features].
  let values: [Int16] = (0..<120).map { Int16($0 * 7 % 11) }

  init() throws { folder = TemporaryFolder() }

  private func score(_ frames: [UInt8], labels: [UInt8]? = nil) throws -> CommandResult {
    var arguments = ["--model", Fixture.counts, "--format", "json", "--frames", try folder.write(frames, to: "x.npy")]
    if let labels { arguments += ["--labels", try folder.write(labels, to: "y.npy")] }
    return try Command.score.run(arguments)
  }

  private func stable(_ result: CommandResult) -> String {
    #expect(result.status == 0, "\(result.errors)")
    return result.stableOutput
  }

  @Test func typesThatHoldTheSameValuesGiveTheSame() throws {
    let int16 = try stable(score(NumpyFile.int16([3, 5, 8], values)))
    #expect(int16.contains("\"clips\":3,"))
    #expect(int16.contains("\"steps\":15,"))
    #expect(try stable(score(NumpyFile.bytes("|u1", [3, 5, 8], values.map { UInt8($0) }))) == int16)
    #expect(try stable(score(NumpyFile.float32([3, 5, 8], values.map { Float($0) + 0.25 }))) == int16)
    #expect(try stable(score(NumpyFile.bytes("<i2", [3, 5, 8], TestSound.raw(values), version: 2))) == int16)
    // The last float below a half, which a sum in floats makes one.
    let below = values.map { $0 == 0 ? Float(0.5).nextDown : Float($0) }
    #expect(try stable(score(NumpyFile.float32([3, 5, 8], below))) == int16)
  }

  /// As `silif-export --frames` says it of the same files.
  @Test func valuesThatTheModelDoesNotTakeAreTold() throws {
    let (beyond, cut) = (
      (0..<120).map { $0 % 4 == 0 ? Int16(-300 - $0) : 5 }, (0..<120).map { Int16($0 % 4 == 0 ? -255 : 5) }
    )
    let (fractions, rounded) = (
      (0..<120).map { $0 % 3 == 0 ? Float(0.4) : 2 }, (0..<120).map { Int16($0 % 3 == 0 ? 0 : 2) }
    )
    let largest = "25.0 % of the values are beyond ±255, the largest input of this model, and are cut to it"
    for (given, taken, note) in [
      (NumpyFile.int16([3, 5, 8], beyond), cut, "\(largest) (up to 416)"),
      (NumpyFile.float32([3, 5, 8], beyond.map { Float($0) }), cut, "\(largest) (up to 416)"),
      (
        NumpyFile.float32([3, 5, 8], fractions), rounded,
        "33.3 % of the values are fractions, rounded to counts by up to 0.4"
      ),
    ] {
      let (plain, scored) = (try score(NumpyFile.int16([3, 5, 8], taken)), try score(given))
      #expect(stable(plain) == stable(scored) && plain.errors.isEmpty)
      let path = folder.file("x.npy")
      #expect(scored.errors == "kws-score: \(path): \(note)\n")
      let rows = try Command.score.run(
        "--model", Fixture.counts, "--frames", path, "--each", "--format", "csv", "--jobs", "2")
      #expect(rows.errors == scored.errors)
      let bench = try Command.bench.run("--model", Fixture.counts, "--input", path, "--steps", "10")
      #expect(bench.errors == "kws-bench: \(path): \(note)\n")
      let trace = try Command.model.run(
        "trace", Fixture.counts, "--input", path, "--clip", "2", "--output", folder.file("trace"), "--force")
      let ofThatClip = note.replacing("33.3", with: "32.5")
      #expect(trace.errors == "kws-model: \(path): \(ofThatClip)\n")
    }
  }

  @Test func labelsAreCounted() throws {
    let result = try score(NumpyFile.int16([3, 5, 8], values), labels: NumpyFile.int32([0, 1, 2]))
    let report = try parsedJSON(result.output)
    #expect(report["labelled"] as? Int == 3)
    #expect(try #require(report["confusion"] as? [[Int]]).map { $0.reduce(0, +) } == [1, 1, 1])
    #expect(abs(try #require(report["audio_s"] as? Double) - 0.06) < 1e-9)
  }

  @Test func badArraysAreRefused() throws {
    let good = NumpyFile.int16([3, 5, 8], values)
    let cases: [([UInt8], String)] = [
      (NumpyFile.bytes("<i2", [3, 5, 8], TestSound.raw(values), fortranOrder: true), "Fortran"),
      (NumpyFile.bytes("<f8", [3, 5, 8], [UInt8](repeating: 0, count: 960)), "float64"),
      (NumpyFile.bytes(">i2", [3, 5, 8], TestSound.raw(values)), "big-endian"),
      (NumpyFile.bytes("<c8", [3, 5, 8], [UInt8](repeating: 0, count: 960)), "<c8"),
      (NumpyFile.int16([3, 8, 5], values), "takes 8"),
      (NumpyFile.int16([15, 8], values), "[clip, step, feature]"),
      (NumpyFile.int16([0, 5, 8], []), "nothing in it"),
      (NumpyFile.float32([1, 1, 8], [0, 0, .nan, 0, 0, 0, 0, 0]), "not a number"),
      (NumpyFile.bytes("<i2", [1 << 40, 1 << 40, 8], []), "absurdly large"),
      (Array(good.dropLast()), "too early"),
      (Array(good.prefix(50)), "header"),
      ([], "empty"),
      (Array("PK\u{3}\u{4}....".utf8), ".npz"),
      (Array("some text, no array".utf8), "numpy.save"),
    ]
    for (bytes, part) in cases {
      let result = try score(bytes)
      #expect(result.status == 1, "\(part)")
      #expect(result.errors.contains(part), "\(result.errors)")
      #expect(result.errors.contains("x.npy") || part == "not a number")
    }
  }

  @Test func badLabelsAreRefused() throws {
    let good = NumpyFile.int16([3, 5, 8], values)
    for (labels, part) in [
      (NumpyFile.int32([0, 1]), "one label for each of 3"), (NumpyFile.int32([0, 1, 3]), "label 3 of clip 2"),
      (NumpyFile.int32([0, -1, 2]), "label -1"), (NumpyFile.float32([3], [0, 1, 2]), "give integers"),
    ] {
      let result = try score(good, labels: labels)
      #expect(result.status == 1)
      #expect(result.errors.contains(part), "\(result.errors)")
      #expect(result.errors.contains("y.npy"))
    }
  }
}
