import CommandSupport
import SiLIF
import SpotterHost

extension ModelReport {
  var text: String {
    [overview, layerTable, detectorTable, memoryTable, provenance].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private var overview: String {
    var table = TextTable(leftColumns: 2)
    let header = model.header
    let words = model.words.strings
    table.add(["model", file.path])
    table.add(["words", words.joined(separator: " ")])
    if let index = model.words.unknownIndex { table.add(["unknown", words[index]]) }
    if let index = model.words.silenceIndex { table.add(["silence", words[index]]) }
    let unit = header.inputKind == .logMel ? "log-mel values" : "counts"
    table.add([
      "input", "\(header.inputCount) \(unit), \(header.inputFractionBits) fractional bits, limit \(header.inputLimit)",
    ])
    let clip = header.clip_frames == 0 ? "" : ", clips of \(header.clip_frames) steps"
    table.add(["step", "\(decimalText(Double(header.step_us) / 1000, decimals: 3, keepsZeros: false)) ms\(clip)"])
    if let frontEnd {
      table.add([
        "front end",
        "\(frontEnd.sampleRate_hz) Hz, windows of \(frontEnd.frameLength_samples) samples every \(frontEnd.hop_samples), "
          + "\(frontEnd.bandCount) bands, \(frontEnd.low_hz) to \(frontEnd.high_hz) Hz",
      ])
    } else {
      table.add(["front end", "none: takes precomputed frames"])
    }
    if let sampling = model.sampling {
      let numbers = drawsPerStep == 0 ? "no numbers" : "\(drawsPerStep) numbers a step, seed \(sampling.seed)"
      table.add(["sampling", "\(sampling.sampler.name): \(numbers)"])
    }
    if lastFires {
      table.add(["scores", header.scores == .spikes ? "spikes of the last layer" : "softmax of its potentials"])
    }
    if let clipRule { table.add(["clips", clipRule]) }
    if !calibrated.isEmpty { table.add(["calibrated", calibrated.joined(separator: "; ")]) }
    let test = model.selfTest
    let values = "\(test.values.count) \(test.input == .samples ? "samples" : "values")"
    table.add(["self-test", "\(values), \(test.step_count) steps, digest \(SelfTest.digestText(test.digest))"])
    return table.text
  }

  /// By what a clip is scored: each class that is not just its best window. nil where it is the mean.
  private var clipRule: String? {
    guard let rule = try? model.clipRule(), rule.exists else { return nil }
    var text = "best window, \(rule.tail_frames) frames heard after the end"
    for (index, word) in model.words.strings.enumerated() {
      let (weight_q15, level_q15) = (rule.weight_q15(index), rule.level_q15(index))
      guard weight_q15 != 32768 else { continue }
      let parts = [(level_q15, ""), (weight_q15, " of it")].filter { $0.0 > 0 }
      let told = parts.map { decimalText(Double($0.0) / 32768, decimals: 2) + $0.1 }.joined(separator: " and ")
      text += "; \(word) \(told.isEmpty ? "none" : told)"
    }
    return text
  }

  /// What probabilities are for.
  private var calibrated: [String] {
    let events = model.eventCalibration
    let clips = model.clipCalibration.exists ? ["clips"] : []
    return clips + (events.exists ? ["events where a word is said \(events.wordsPerHour) times an hour"] : [])
  }

  private var layerTable: String {
    var table = TextTable(leftColumns: 2)
    table.add(["layer", "kind", "inputs", "neurons", "weights", "weight bytes", "delays", "state"])
    for (index, layer) in layers.enumerated() {
      let delays = layer.delayKind == .none ? "none" : "\(layer.delayKind.name), up to \(layer.maximumDelay) steps"
      table.add([
        "\(index)", layer.kind.name, "\(layer.inputs)" + (layer.isRecurrent ? " and own" : ""), "\(layer.outputs)",
        "int\(layer.weightBits)",
        "\(layer.weightBytes)", delays,
        "Q\(layer.stateFractionBits)" + (layer.kind.hasStateSpaces ? ", \(layer.statePairs) pairs" : ""),
      ])
    }
    return table.text
  }

  private var detectorTable: String {
    let detector = model.detector
    var text =
      "detector  window \(detector.window_frames) frames, warm-up \(detector.warmUp_frames), refractory \(detector.refractory_frames)"
    if detector.leastShare_q15 > 0 {
      text +=
        ", all words together from a share of \(decimalText(Double(detector.leastShare_q15) / 32768, decimals: 2))"
    }
    text += "\n"
    var table = TextTable()
    table.add(["word", "threshold", "re-arm"])
    for (index, word) in model.words.strings.enumerated() where detector.isKeyword(index) {
      table.add([
        word, decimalText(Double(detector.threshold_q15(index)) / 32768, decimals: 3),
        decimalText(Double(detector.rearm_q15(index)) / 32768, decimals: 3),
      ])
    }
    text += table.text
    return text
  }

  private var memoryTable: String {
    var table = TextTable(leftColumns: 2)
    table.add(["memory", "where", "bytes"])
    for row in memory.rows { table.add([row.name, row.place.rawValue, "\(row.bytes)"]) }
    table.add(["total", "flash", "\(memory.total(.flash))"])
    table.add(["total", "ram", "\(memory.total(.ram))"])
    table.add(["besides, in C: its record", "ram", "\(CInterface.recordBytes)"])
    for row in stack?.rows ?? [] { table.add([row.name, row.place.rawValue, "\(row.bytes)"]) }
    return table.text
  }

  private var provenance: String {
    var table = TextTable(leftColumns: 2)
    for line in model.provenanceLines { table.add([line.key, line.value]) }
    return table.text
  }
}
