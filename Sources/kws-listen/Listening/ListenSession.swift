import AudioInput
import CommandSupport
import FileNames
import Glibc
import SpotterHost

/// One run: the audio thread hears, this thread writes.
struct ListenSession {
  let origin: Origin
  let file: ModelFile
  let stop: StopRequest
  let limit_samples: Int64?
  let outputs: [OutputTarget]
  let actions: ActionOptions
  let settings: DetectorSettings
  let showsMeter: Bool
  let gate_dB: Double?
  /// `NAME=value`, as this process was given it: what commands are started with.
  let environment: [String]

  func run(_ setUp: SpotterSetUp) throws {
    let (source, name) = try origin.open(stop: stop)
    note("listening to \(name) for \(file.model.keywords.joined(separator: ", ")) (\(file.path))")
    let savedSound = actions.saveDir == nil ? nil : SoundRing()
    let loop = try ListenLoop(
      source: source, setUp: setUp, stop: stop, isLive: origin.isLive, limit_samples: limit_samples ?? .max,
      levelInterval_samples: showsMeter ? outputRate_hz / 10 : outputRate_hz, savedSound: savedSound,
      nearMisses: actions.nearMisses.map {
        NearMissDetector(settings: settings, level: $0, calibration: file.model.eventCalibration)
      },
      gate: gate_dB.map { SpeechGate(rise_dB: $0) })
    let levels = LevelSink(meter: showsMeter ? MeterLine() : nil, say: note)
    let counts = CountSink(words: file.model.words.strings)
    let manager = NotifySink(path: variable("NOTIFY_SOCKET"), watchdog_us: variable("WATCHDOG_USEC"))
    let sinks = [levels, counts] + (try makeSinks(savedSound)) + (manager.map { [$0] } ?? [])
    let statistics = Statistics(sinks: sinks, levels: levels) { loop.lostEventCount }
    // A service manager's reload is no terminal that was closed.
    let catchesHangup = manager != nil || outputs.contains(where: \.isFile)
    var delivery = EventDelivery(
      to: sinks, signals: Signals(waking: loop.wakePipe, catchesHangup: catchesHangup), stopsAfterKeyword: actions.once,
      question: { statistics.write() }, ticks: manager != nil)
    let thread = try AudioThread(running: loop, isLive: origin.isLive)
    if origin.isLive { note(thread.privileges) }
    manager?.start()
    let result = Result { try delivery.run(loop) }
    let isInterrupted = stop.isRequested
    if case .failure = result { stop.request() }
    let isDone = actions.once && delivery.keywordCount > 0
    if isDone {
      if savedSound != nil { hearOn(loop, to: delivery.lastPosition + SaveSink.after_samples) }
      stop.request()
    }
    thread.join()
    for sink in sinks { sink.finish(isInterrupted: isInterrupted) }
    if actions.stats { statistics.write() }
    try result.get()
    // Where no sound came at all, the error says enough.
    let lostLines = statistics.lostLines
    if loop.sampleCount > 0 || stop.isRequested {
      note(summary(of: loop, levels, keywordCount: delivery.keywordCount, lostLines: lostLines))
    }
    if let error = loop.error { throw Failure(error.description) }
    if loop.sampleCount == 0 && !stop.isRequested {
      throw Failure("\(name): ended without a sample; does what should fill it run?")
    }
    if actions.once && delivery.keywordCount == 0 && !stop.isRequested { throw Failure("no word was heard") }
    // Whoever listens for months has other things to do with a word; a recording is heard for its lines.
    if lostLines > 0 && !origin.hasTimeOfDay { throw Failure("\(lines(lostLines)) could not be written") }
  }

  /// What is saved of a word goes on after it. A device that has gone is not waited for.
  private func hearOn(_ loop: ListenLoop, to position: Int64) {
    loop.finish(at: position)
    for _ in 0..<250 where !loop.isFinished { if stop.wait(timeout_ms: 20) { return } }
  }

  private func makeSinks(_ savedSound: SoundRing?) throws(Failure) -> [any EventSink] {
    let words = file.model.words.strings
    let hasTimeOfDay = origin.hasTimeOfDay
    let clock = { hasTimeOfDay ? TimeOfDay.now : nil }
    var sinks: [any EventSink] = [NoticeSink(device: deviceName, say: note)]
    for target in outputs {
      let lines: any EventLines =
        switch target.format {
        case .text: TextLines(words: words)
        case .json: JSONLines(words: words)
        case .word: WordLines(words: words)
        }
      let output: any LineOutput =
        switch target.destination {
        case .standardOutput: StandardLines(stop: stop)
        case .file(let path):
          // A recording can wait for whoever reads a pipe.
          try FileLines(path: path, waitingUnless: hasTimeOfDay ? nil : stop, say: complain)
        case .socket(let path): try SocketLines(path: path)
        }
      sinks.append(LineSink(lines, to: output, clock: clock))
    }
    if let command = actions.command {
      sinks.append(
        CommandSink(
          words: words, command: command, mostAtOnce: actions.execJobs ?? 4, environment: environment, stop: stop,
          clock: clock, say: complain))
    }
    if let path = actions.saveDir, let savedSound {
      let folder = try SaveFolder(path, limit_bytes: actions.saveLimit?.bytes ?? 100_000_000)
      sinks.append(SaveSink(folder: folder, ring: savedSound, words: words, say: complain))
    }
    return sinks
  }

  private var deviceName: String {
    switch origin {
    case .device(let device, _, _): device
    case .input(let path, _, _): path
    }
  }

  private func summary(of loop: ListenLoop, _ levels: LevelSink, keywordCount: Int, lostLines: Int) -> String {
    var parts = ["heard \(seconds(loop.sampleCount)) s", "\(keywordCount) keyword\(keywordCount == 1 ? "" : "s")"]
    if origin.isLive {
      let lost = loop.gapCount == 0 ? "" : " (\(seconds(loop.lostSampleCount)) s lost)"
      parts.append("\(loop.gapCount) gap\(loop.gapCount == 1 ? "" : "s")\(lost)")
    }
    if loop.lostEventCount > 0 { parts.append("\(loop.lostEventCount) events lost because nobody read them") }
    if lostLines > 0 { parts.append("\(lines(lostLines)) lost: could not be written") }
    if levels.isSilent {
      parts.append("nothing but silence")
    } else if levels.total.peak > 0 {
      parts.append("peak \(decibels(levels.total.peak_dBFS)) dBFS, mean \(decibels(levels.total.mean_dBFS)) dBFS")
    }
    return parts.joined(separator: ", ")
  }

  private func lines(_ count: Int) -> String { "\(count) line\(count == 1 ? "" : "s")" }

  private func seconds(_ samples: Int64) -> String {
    decimalText(Double(samples) / Double(outputRate_hz), decimals: 2)
  }

  /// What `--quiet` leaves out.
  private func note(_ message: String) {
    if !actions.quiet { complain(message) }
  }

  private func variable(_ name: String) -> String? { getenv(name).map { fileName(cString: $0) } }

  private func complain(_ message: String) { Diagnostics.say(message, command: "kws-listen") }
}
