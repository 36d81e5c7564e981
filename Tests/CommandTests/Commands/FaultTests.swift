import CommandSupport
import Glibc
import SpotterHost
import TestSupport
import Testing

@testable import AudioInput
@testable import kws_listen

/// Microphones that misbehave, all the way through libasound. The first three are kinds that public bug reports describe.
@Suite struct FaultTests {
  private func listen(_ script: [String], _ arguments: [String] = []) throws -> CommandResult {
    let microphone = try FaultyMicrophone(script)
    return try Command.listen.run(
      ["--device", FaultyMicrophone.device, "--model", FaultyMicrophone.model, "--format", "json"] + arguments,
      environment: ["ALSA_CONFIG_PATH": microphone.configuration])
  }

  private func words(_ result: CommandResult) throws -> [String] {
    try result.lines.compactMap { try parsedJSON($0)["word"] as? String }
  }

  @Test func afterAnErrorTheNextWordsAreHeard() throws {
    let result = try listen(["audio 60000", "error", "seek 72000", "audio 165000"], ["--duration", "14s"])
    #expect(try words(result) == ["yes", "stop", "left", "right", "down", "off", "no"])
    #expect(result.output.contains(#""event":"overrun","count":1,"cause":"error""#))
    #expect(result.errors.contains("reported an error at 3.75 s"))
  }

  @Test func afterUnpluggingTheNextWordsAreHeard() throws {
    let result = try listen(
      ["audio 60000", "gone", "absent 2", "seek 72000", "audio 165000"], ["--duration", "15s"])
    #expect(try words(result) == ["yes", "stop", "left", "right", "down", "off", "no"])
    let events = try result.lines.map { try parsedJSON($0) }
    #expect(events.contains { $0["event"] as? String == "device_lost" && $0["cause"] as? String == "gone" })
    // The waits of 250, 500 and 1000 ms that two failed attempts cost, and no busy loop.
    let lost = try #require(events.first { $0["event"] as? String == "device_back" }?["lost_s"] as? Double)
    #expect(lost > 1.7, "\(lost)")
    #expect(result.errors.contains("waiting until it is back"))
  }

  @Test func readyWithoutSamplesCostsNoProcessor() throws {
    let microphone = try FaultyMicrophone(["audio 60000", "nothing 2000000000"])
    let command = try LiveCommand(
      .listen,
      ["--device", FaultyMicrophone.device, "--model", FaultyMicrophone.model, "--format", "json"],
      environment: ["ALSA_CONFIG_PATH": microphone.configuration])
    while let line = command.readLine(), !line.contains("stop") {}
    #expect(command.rests)  // it took 0.25 of each 0.25 s
    // And it gives up waiting: the device is opened again.
    #expect(command.readLine()?.contains(#""event":"device_lost","cause":"still""#) == true)
    command.send(SIGTERM)
    #expect(command.wait() == 0)
  }

  @Test func theMeterAndTheSummaryShowLevels() throws {
    let result = try listen(["audio 60000"], ["--meter", "--duration", "3s"])
    #expect(result.errors.split(separator: "\n").filter { $0.hasPrefix("level [") }.count == 3)
    #expect(result.errors.contains(/heard 3.00 s, .*, peak -[0-9.]+ dBFS, mean -[0-9.]+ dBFS/))
  }

  @Test(arguments: [
    ["--channel", "-1"], ["--channel", "2", "--channels", "2"], ["--rate", "10"], ["--channels", "0"],
    ["--gain", "99"],
    ["--input", "x.wav", "--wait"], ["--input", "x.wav", "--rate", "8000"], ["--raw"], ["x.wav"],
    ["--list-devices", "some"],
  ]) func wrongOptions(arguments: [String]) throws {
    #expect(try Command.listen.run(arguments).status == 2)
  }

  @Test func quitEndsWithTheLoss() throws {
    let result = try listen(["audio 60000", "gone", "seek 72000"], ["--on-device-loss", "quit"])
    #expect(result.status == 1)
    #expect(result.errors.contains("fault: has gone (unplugged?)"))
    #expect(try words(result) == ["yes", "stop"])
  }

  @Test func waitWaitsForADevice() throws {
    let script = ["absent 2", "audio 60000"]
    #expect(try listen(script).status == 1)
    let result = try listen(script, ["--wait", "--duration", "4s"])
    #expect(try words(result) == ["yes", "stop"])
    #expect(
      result.lines.first?.hasPrefix(#"{"event":"device_lost","cause":"absent","time_s":0,"sample":0,"at":"2"#) == true)
    #expect(result.errors.contains("fault cannot be opened yet; waiting for it"))
  }

  /// What the audio thread calls once it runs, counted in the process itself (Tests/Fixtures/count_calls.c).
  private func calls(_ environment: [String: String], _ arguments: [String] = []) throws -> [String: Int] {
    let microphone = try FaultyMicrophone(["audio 200000"])
    let folder = microphone.folder
    try FaultyMicrophone.compile("count_calls.c", to: folder.file("count.so"), "-ldl", in: folder)
    var all = environment
    all["ALSA_CONFIG_PATH"] = microphone.configuration
    all["LD_PRELOAD"] = folder.file("count.so")
    all["COUNT_FILE"] = folder.file("counts")
    let result = try Command.listen.run(
      ["--device", FaultyMicrophone.device, "--model", FaultyMicrophone.model, "--duration", "12s"] + arguments,
      environment: all)
    #expect(result.status == 0 && result.output.contains("down"))
    let lines = try folder.read("counts").split(separator: "\n").map { $0.split(separator: " ") }
    return Dictionary(uniqueKeysWithValues: lines.map { (String($0[0]), Int($0[1])!) })
  }

  @Test func theAudioPathAllocatesNothingTakesNoLockAndOpensNoFile() throws {
    let saved = TemporaryFolder()
    for arguments in [[], ["--save-dir", saved.path, "--near-misses", "0.5", "--meter", "--exec", "true"]] {
      let counts = try calls([:], arguments)
      #expect(counts["reads"]! > 900)
      #expect(counts["allocations"] == 0 && counts["locks"] == 0 && counts["files"] == 0, "\(counts)")
      #expect(counts["releases"]! <= 2)  // at the thread's end
    }
  }

  @Test func theCounterCounts() throws {
    // alsa-lib's own locks, which the command turns off.
    #expect(try calls(["LIBASOUND_THREAD_SAFE": "1"])["locks"]! > 900)
  }

  /// A command after every twenty faults: each is heard.
  @Test func aThousandRandomFaults() throws {
    var random = SplitMix64(seed: 12)
    let often = [
      "overrun", "error", "suspend", "suspend-dead", "gone", "gone\nabsent 2", "short 40", "nothing 20",
      "overrun\noverrun", "error\nerror\nerror",
    ]
    let faults = often + often + often + ["still"]  // which takes as long as patience lasts
    let said = try FaultyMicrophone.words()
    var script: [String] = []
    for round in 0..<50 {
      for _ in 0..<20 {
        // From between two words.
        script += ["seek 110000", "audio \(Int.random(in: 100...2_000, using: &random))"]
        script.append(faults.randomElement(using: &random)!)
      }
      let word = said[round % said.count]
      script += ["seek \(word.start - 14_000)", "audio \(word.end - word.start + 14_000 + 8_000)"]
    }
    script += ["gone", "absent 1000000"]
    let microphone = try FaultyMicrophone(script)
    var policy = CapturePolicy()
    (policy.patience_ms, policy.pause_ms, policy.firstWait_ms, policy.lastWait_ms) = (250, 1, 1, 2)
    let stop = try StopRequest(catchesSignals: false)
    let source = try LastingCapture(
      device: try microphone.deviceInThisProcess(), stopDescriptor: stop.descriptor, policy: policy)
    let file = try ModelFile(path: FaultyMicrophone.model)
    let loop = try ListenLoop(
      source: source, setUp: SpotterSetUp(file: file, settings: DetectorSettings(defaultsOf: file.model)), stop: stop,
      isLive: false, limit_samples: .max)
    let thread = try AudioThread(running: loop, isLive: false)
    var heard: [String] = []
    var gaps = 0
    var patience_ms = 1000 * Child.patience_s
    let words = file.model.words.strings
    let expected = (0..<50).map { said[$0 % said.count].word }
    // The end, where all is well: each word in its turn. Then the device stays away.
    var next = 0
    while next < expected.count && patience_ms > 0 {
      guard let event = loop.ring.pop() else {
        usleep(2_000)
        patience_ms -= 2
        continue
      }
      if case .keyword(let keyword) = event {
        heard.append(words[keyword.word])
        if heard.last == expected[next] { next += 1 }
      }
      if case .gap = event { gaps += 1 }
    }
    stop.request()
    thread.join()

    var rest = heard[...]
    for (round, word) in expected.enumerated() {
      guard let at = rest.firstIndex(of: word) else {
        Issue.record("round \(round): '\(word)' was not heard; heard \(heard)")
        return
      }
      rest = rest[(at + 1)...]
    }
    #expect(heard.count <= expected.count + 5, "\(heard)")
    #expect(gaps > 700 && loop.error == nil && loop.lostEventCount == 0)
  }
}
