import AudioInput
import CommandSupport
import SpotterHost

/// One run: the audio thread hears, this thread writes.
struct ListenSession {
  let origin: Origin
  let file: ModelFile
  let stop: StopRequest
  let limit_samples: Int64?
  let format: OutputFormat
  let showsMeter: Bool

  func run(_ setUp: SpotterSetUp) throws {
    let (source, name) = try origin.open(stop: stop)
    say("listening to \(name) for \(file.model.keywords.joined(separator: ", ")) (\(file.path))")
    let loop = try ListenLoop(
      source: source, setUp: setUp, stop: stop, isLive: origin.isLive, limit_samples: limit_samples ?? .max,
      levelInterval_samples: showsMeter ? outputRate_hz / 10 : outputRate_hz)
    let levels = LevelSink(meter: showsMeter ? MeterLine() : nil, say: say)
    var delivery = EventDelivery(to: [levels] + sinks)
    let thread = try AudioThread(running: loop, isLive: origin.isLive)
    let result = Result { try delivery.run(loop) }
    if case .failure = result { stop.request() }
    thread.join()
    try result.get()
    // Where no sound came at all, the error says enough.
    if loop.sampleCount > 0 || stop.isRequested { say(summary(of: loop, levels, keywordCount: delivery.keywordCount)) }
    if let error = loop.error { throw Failure(error.description) }
    if loop.sampleCount == 0 && !stop.isRequested {
      throw Failure("\(name): ended without a sample; does what should fill it run?")
    }
  }

  private var sinks: [any EventSink] {
    let (words, output) = (file.model.words.strings, StandardOutput())
    switch format {
    case .text: return [NoticeSink(device: deviceName), TextSink(words: words, output: output, stop: stop)]
    case .json: return [NoticeSink(device: deviceName), JSONSink(words: words, output: output, stop: stop)]
    }
  }

  private var deviceName: String {
    switch origin {
    case .device(let device, _, _): device
    case .input(let path): path
    }
  }

  private func summary(of loop: ListenLoop, _ levels: LevelSink, keywordCount: Int) -> String {
    var parts = ["heard \(seconds(loop.sampleCount)) s", "\(keywordCount) keyword\(keywordCount == 1 ? "" : "s")"]
    if origin.isLive {
      let lost = loop.gapCount == 0 ? "" : " (\(seconds(loop.lostSampleCount)) s lost)"
      parts.append("\(loop.gapCount) gap\(loop.gapCount == 1 ? "" : "s")\(lost)")
    }
    if loop.lostEventCount > 0 { parts.append("\(loop.lostEventCount) events lost because nobody read them") }
    if levels.isSilent {
      parts.append("nothing but silence")
    } else if levels.total.peak > 0 {
      parts.append("peak \(decibels(levels.total.peak_dBFS)) dBFS, mean \(decibels(levels.total.mean_dBFS)) dBFS")
    }
    return parts.joined(separator: ", ")
  }

  private func seconds(_ samples: Int64) -> String {
    decimalText(Double(samples) / Double(outputRate_hz), decimals: 2)
  }

  private func say(_ message: String) { Diagnostics.say(message, command: "kws-listen") }
}
