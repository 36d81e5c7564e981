import Foundation
import TestSupport
import Testing

/// `kws-model info`, `verify` and `trace`, and `kws-bench`.
@Suite struct ModelTests {
  let folder: TemporaryFolder

  init() throws { folder = TemporaryFolder() }

  @Test func infoTellsTheModel() throws {
    let text = try Command.model.run("info", Fixture.audio).output
    for part in ["yes no stop unknown silence", "C-SiLIF", "axonal, up to 7 steps", "16000 Hz", "random weights"] {
      #expect(text.contains(part), "\(part)")
    }
    let report = try parsedJSON(Command.model.run("info", Fixture.audio, "--format", "json").output)
    let bytes = try TemporaryFolder.bytes(Fixture.audio).count
    #expect(report["bytes"] as? Int == bytes)
    let memory = try #require(report["memory"] as? [String: Any])
    let parts = try #require(memory["parts"] as? [[String: Any]])
    let ram = parts.filter { $0["place"] as? String == "ram" }.reduce(0) { $0 + ($1["bytes"] as? Int ?? 0) }
    #expect(memory["flash_bytes"] as? Int == bytes)
    #expect(memory["ram_bytes"] as? Int == ram)
    let record = try #require(memory["c_record_bytes"] as? Int)
    let row = try #require(text.split(separator: "\n").first { $0.hasPrefix("besides, in C: its record") })
    #expect(record > 0 && row.hasSuffix(" \(record)"))
    // 7 + 1 bitmaps of 16 neurons, and the like, each in a cache line of its own at least.
    let rings = parts.first { $0["name"] as? String == "delay rings" }
    #expect(try #require(rings?["bytes"] as? Int) > 0)
    let stack = try #require(memory["stack"] as? [[String: Any]])
    #expect(stack.count == 2)
    for row in stack { #expect((100..<8_000_000).contains(try #require(row["bytes"] as? Int))) }
    #expect(try #require(report["layers"] as? [[String: Any]]).map { $0["neurons"] as? Int } == [16, 16, 5])
  }

  @Test func infoTellsKindsAndWidthsOfLayers() throws {
    let text = try Command.model.run("info", Fixture.mixedWidths)
    let rows = text.lines.map { $0.split(separator: " ").map(String.init) }
    #expect(rows.contains { $0.starts(with: ["0", "SiLIF", "9", "161", "int4", "792"]) })
    #expect(rows.contains { $0.starts(with: ["1", "RF", "161", "17", "int4", "2576", "axonal,"]) })
    #expect(rows.contains { $0.starts(with: ["2", "C-SiLIF", "17", "31", "int8", "544", "dendritic,"]) })
    let report = try parsedJSON(Command.model.run("info", Fixture.mixedWidths, "--format", "json").output)
    let layers = try #require(report["layers"] as? [[String: Any]])
    #expect(layers.map { $0["kind"] as? String } == ["SiLIF", "RF", "C-SiLIF", "readout"])
    #expect(layers.map { $0["weight_bits"] as? Int } == [4, 4, 8, 4])
    #expect(layers.map { $0["weight_bytes"] as? Int } == [792, 2576, 544, 744])
  }

  @Test func verifyPassesAndFails() throws {
    let good = try Command.model.run("verify", Fixture.audio, Fixture.counts)
    #expect(good.status == 0)
    #expect(good.lines.allSatisfy { $0.hasPrefix("pass  ") })
    let bad = try folder.write("no model", to: "bad.silif")
    let mixed = try Command.model.run("verify", Fixture.audio, bad, "--format", "json")
    #expect(mixed.status == 1)
    #expect(mixed.errors.contains("bad.silif"))
    #expect(try mixed.lines.map { try parsedJSON($0)["passed"] as? Bool } == [true, false])
  }

  @Test func verifyNoticesAnotherDigest() throws {
    // The self-test's expected digest lies 8 bytes into section TEST; with the checksum made anew the file is valid.
    let changed = try folder.write(try ModelBytes.withChangedDigest(Fixture.audio), to: "other.silif")
    let result = try Command.model.run("verify", changed)
    #expect(result.status == 1)
    #expect(result.output.hasPrefix("fail  "))
    #expect(result.errors.contains("digest"))
  }

  @Test func traceHoldsEveryStep() throws {
    let sound = try folder.write(TestSound.wav(TestSound.samples(seconds: 1)), to: "x.wav")
    let output = "\(folder.path)/trace"
    let result = try Command.model.run("trace", Fixture.audio, "--input", sound, "--output", output)
    #expect(result.status == 0, "\(result.errors)")
    for (name, shape, size) in [
      ("frames", "(98, 40)", 2), ("spikes_0", "(98, 16)", 1), ("spikes_1", "(98, 16)", 1), ("readout", "(98, 5)", 4),
      ("probabilities", "(98, 5)", 2),
    ] {
      let bytes = try TemporaryFolder.bytes("\(output)/\(name).npy")
      #expect(String(decoding: bytes[..<128], as: UTF8.self).contains("'shape': \(shape)"))
      let lengths = shape.dropFirst().dropLast().split(separator: ", ").map { Int($0)! }
      #expect(bytes.count == 128 + lengths[0] * lengths[1] * size)
    }
    let again = try Command.model.run("trace", Fixture.audio, "--input", sound, "--output", output)
    #expect(again.status == 1)
    #expect(again.errors.contains("--force"))
    #expect(try Command.model.run("trace", Fixture.audio, "--input", sound, "--output", output, "--force").status == 0)
  }

  @Test func aTraceThatDoesNotFitLeavesNoneOfItsArrays() throws {
    let sound = try folder.write(TestSound.wav(TestSound.samples(seconds: 1)), to: "one.wav")
    let output = folder.file("full")
    // The frames, which come first, fit into so many kB, and the spikes do not.
    let script = "trap '' XFSZ; ulimit -f 9; exec \"$@\""
    let trace = ["trace", FaultyMicrophone.model, "--input", sound, "--output", output]
    let child = try Child(
      "/bin/bash", ["-c", script, "bash", Command.model.path] + trace,
      files: [(1, "/dev/null", O_WRONLY), (2, folder.file("errors"), O_WRONLY | O_CREAT)])
    #expect(child.wait() == 1)
    #expect(try folder.read("errors").contains("full/"))
    #expect(access(output, F_OK) != 0)
  }

  @Test func traceOfItsOwnFramesIsTheSame() throws {
    let sound = try folder.write(TestSound.wav(TestSound.samples(seconds: 1)), to: "x.wav")
    let (first, second) = ("\(folder.path)/first", "\(folder.path)/second")
    _ = try Command.model.run("trace", Fixture.audio, "--input", sound, "--output", first)
    let result = try Command.model.run("trace", Fixture.audio, "--input", "\(first)/frames.npy", "--output", second)
    #expect(result.status == 0, "\(result.errors)")
    for name in ["frames", "spikes_0", "spikes_1", "readout", "probabilities"] {
      #expect(try TemporaryFolder.bytes("\(first)/\(name).npy") == TemporaryFolder.bytes("\(second)/\(name).npy"))
    }
  }

  @Test(arguments: [Fixture.audio, Fixture.counts]) func benchReportsEveryStage(_ model: String) throws {
    let result = try Command.bench.run("--model", model, "--steps", "200", "--format", "json")
    #expect(result.status == 0, "\(result.errors)")
    let report = try parsedJSON(result.output)
    let stages = try #require(report["stages"] as? [String: Any])
    for stage in ["network", "detector", "worst_network_step"] {
      let timings = try #require(stages[stage] as? [String: Double])
      #expect(timings["median_us"]! <= timings["p95_us"]!)
      #expect(timings["p95_us"]! <= timings["worst_us"]!)
    }
    for stage in ["front_end", "whole", "worst_whole"] {
      #expect((stages[stage] is NSNull) == (model == Fixture.counts), "\(stage)")
    }
    #expect(try #require(report["spikes_per_s"] as? Double) > 0)
    #expect(try Command.bench.run("--model", model, "--steps", "50").output.contains("every neuron firing"))
  }

  /// A clip has the steps that kws-score makes of it.
  @Test func benchCountsTheStepsThatARuleForClipsAdds() throws {
    let model = try folder.write(CalibratedFixture.bytes(rules: [CalibratedFixture.rule]), to: "rule.silif")
    let clip = try folder.write(TestSound.wav(TestSound.samples(16_000)), to: "clip.wav")
    let score = try parsedJSON(Command.score.run("--model", model, clip, "--format", "json").output)
    let steps = try #require(score["steps"] as? Int)
    let bench = try parsedJSON(
      Command.bench.run("--model", model, "--input", clip, "--steps", "10", "--format", "json").output)
    for (each, all) in [
      ("spikes_per_clip", "spikes_per_s"), ("synaptic_operations_per_clip", "synaptic_operations_per_s"),
    ] {
      let (clip, second) = (try #require(bench[each] as? Double), try #require(bench[all] as? Double))
      #expect(abs(clip - second * Double(steps) / 100) < 1.5)
    }
  }
}
