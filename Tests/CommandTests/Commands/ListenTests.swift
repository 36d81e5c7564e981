import Foundation
import TestSupport
import Testing

/// What `kws-listen` prints, whatever way the sound comes in.
@Suite struct ListenTests {
  let folder: TemporaryFolder
  let sound: [Int16]
  let file: String

  init() throws {
    folder = TemporaryFolder()
    sound = TestSound.samples(seconds: 6)
    file = try folder.write(TestSound.wav(sound), to: "sound.wav")
  }

  @Test func textEvents() throws {
    let result = try Command.listen.run("--model", Fixture.audio, "--input", file)
    #expect(result.status == 0)
    #expect(result.lines.count >= 3)
    for line in result.lines {
      #expect(line.wholeMatch(of: /\d+\.\d\d s  (yes|no|stop)  [01]\.\d\d/) != nil, "\(line)")
    }
    #expect(result.errors.contains("yes, no, stop"))
    #expect(result.errors.contains("heard 6.00 s, \(result.lines.count) keywords"))
  }

  @Test func jsonEvents() throws {
    let text = try Command.listen.run("--model", Fixture.audio, "--input", file).lines
    let lines = try Command.listen.run("--model", Fixture.audio, "--input", file, "--format", "json").lines
    #expect(lines.count == text.count)
    for line in lines {
      let pattern =
        /\{"event":"keyword","word":"[a-z]+","score":[0-9.]+,"probability":null,"time_s":[0-9.]+,"sample":\d+\}/
      #expect(line.wholeMatch(of: pattern) != nil, "\(line)")
      let event = try parsedJSON(line)
      let time = try #require(event["time_s"] as? Double)
      #expect(try #require(event["sample"] as? Int) == Int((time * 16000).rounded()))
    }
  }

  @Test func fileAndStandardInputGiveTheSameEvents() throws {
    let expected = try Command.listen.run("--model", Fixture.audio, "--input", file, "--format", "json").output
    let arguments = ["--model", Fixture.audio, "--input", "-", "--format", "json"]
    #expect(try Command.listen.run(arguments, input: TestSound.raw(sound)).output == expected)
    #expect(try Command.listen.run(arguments, input: TestSound.wav(sound)).output == expected)
    #expect(expected.contains("keyword"))
  }

  @Test(arguments: [1, 7, 160, 4096]) func blocksOfAnySizeGiveTheSameEvents(_ block_samples: Int) throws {
    let short = Array(sound[..<(block_samples == 1 ? 24000 : sound.count)])
    let arguments = ["--model", Fixture.audio, "--input", "-", "--format", "json"]
    let expected = try Command.listen.run(arguments, input: TestSound.raw(short)).output
    let command = try LiveCommand(.listen, arguments)
    let bytes = TestSound.raw(short)
    for start in stride(from: 0, to: bytes.count, by: 2 * block_samples) {
      command.write(Array(bytes[start..<min(start + 2 * block_samples, bytes.count)]))
    }
    command.closeInput()
    var output = ""
    while let line = command.readLine() { output += line + "\n" }
    #expect(withoutTimeOfDay(output) == expected && output != expected)
    #expect(command.wait() == 0)
  }

  /// Through libasound's `file` plugin: the whole way of a microphone except the hardware.
  @Test func alsaGivesTheSameEvents() throws {
    let expected = try Command.listen.run(
      "--model", Fixture.audio, "--input", file, "--format", "json", "--duration", "5s"
    ).output
    let raw = try folder.write(TestSound.raw(sound), to: "sound.raw")
    let configuration = try folder.write(
      """
      </usr/share/alsa/alsa.conf>
      pcm.recording {
        type file
        slave.pcm { type null }
        file "/dev/null"
        infile "\(raw)"
        format "raw"
      }

      """, to: "alsa.conf")
    let result = try Command.listen.run(
      ["--model", Fixture.audio, "--device", "recording", "--format", "json", "--duration", "5s"],
      environment: ["ALSA_CONFIG_PATH": configuration])
    #expect(result.status == 0)
    #expect(withoutTimeOfDay(result.output) == expected)
    #expect(result.errors.contains("recording (16000 Hz"))
    #expect(result.errors.contains("0 gaps"))
  }

  @Test func thresholdsChangeTheEvents() throws {
    func words(_ arguments: String...) throws -> [String] {
      try Command.listen.run(["--model", Fixture.audio, "--input", file] + arguments).lines
    }
    let all = try words()
    #expect(try words("--threshold", "1").count < all.count)
    let word = try #require(all.first?.split(separator: " ")[2])
    #expect(try !words("--keyword", "\(word)=1").contains { $0.contains(" \(word)  0.4") })
    #expect(try words("--threshold", "1", "--keyword", "\(word)=0.4").contains { $0.contains(" \(word) ") })
  }

  @Test func durationIsOfSound() throws {
    for (duration, seconds) in [("500ms", "0.50"), ("2s", "2.00"), ("2", "2.00"), ("1m", "6.00")] {
      let result = try Command.listen.run("--model", Fixture.audio, "--input", file, "--duration", duration)
      #expect(result.status == 0)
      #expect(result.errors.contains("heard \(seconds) s"), "\(result.errors)")
    }
  }

  @Test func devicesCanBeListed() throws {
    let result = try Command.listen.run("--list-devices")
    #expect(result.status == 0)
  }
}
