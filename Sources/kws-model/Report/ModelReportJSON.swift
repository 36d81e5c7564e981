import CommandSupport
import SiLIF
import SpotterHost

extension ModelReport {
  var json: JSONValue {
    let words = model.words.strings
    return .object([
      ("model", .string(file.path)),
      ("bytes", .integer(model.bytes.count)),
      ("words", .strings(words)),
      ("unknown_word", model.words.unknownIndex.map { .string(words[$0]) } ?? .null),
      ("silence_word", model.words.silenceIndex.map { .string(words[$0]) } ?? .null),
      ("input", input),
      ("front_end", frontEndJSON),
      ("layers", .array(layers.map(layer))),
      ("scores", .string(model.header.scores == .spikes ? "spikes" : "softmax")),
      ("sampling", sampling),
      ("detector", detector),
      ("clip_rule", clipRule),
      (
        "calibrated",
        .object([
          ("clips", .bool(model.clipCalibration.exists)),
          ("events", .bool(model.eventCalibration.exists)),
          (
            "words_per_hour",
            model.eventCalibration.exists ? .integer(model.eventCalibration.wordsPerHour) : .null
          ),
        ])
      ),
      (
        "memory",
        .object([
          ("flash_bytes", .integer(memory.total(.flash))),
          ("ram_bytes", .integer(memory.total(.ram))),
          ("c_record_bytes", .integer(CInterface.recordBytes)),
          ("parts", .array(memory.rows.map(row))),
          ("stack", .array((stack?.rows ?? []).map(row))),
        ])
      ),
      (
        "self_test",
        .object([
          ("input", .string(model.selfTest.input == .samples ? "samples" : "frames")),
          ("values", .integer(model.selfTest.values.count)),
          ("steps", .integer(model.selfTest.step_count)),
          ("digest", .string(SelfTest.digestText(model.selfTest.digest))),
        ])
      ),
      ("provenance", .object(model.provenanceLines.map { ($0.key, .string($0.value)) })),
    ])
  }

  private var clipRule: JSONValue {
    guard let rule = try? model.clipRule(), rule.exists else { return .null }
    func byWord(_ value_q15: (Int) -> Int32) -> JSONValue {
      .object(
        model.words.strings.enumerated().map { ($1, .decimal(Double(value_q15($0)) / 32768, decimals: 4)) })
    }
    return .object([
      ("window_frames", .integer(model.detector.window_frames)), ("tail_frames", .integer(rule.tail_frames)),
      ("weights", byWord(rule.weight_q15)), ("levels", byWord(rule.level_q15)),
    ])
  }

  private var input: JSONValue {
    .object([
      ("kind", .string(model.header.inputKind == .logMel ? "log_mel" : "counts")),
      ("values", .integer(model.header.inputCount)),
      ("fraction_bits", .integer(model.header.inputFractionBits)),
      ("limit", .integer(model.header.inputLimit)),
      ("step_us", .integer(model.header.step_us)),
      ("clip_frames", model.header.clip_frames == 0 ? .null : .integer(model.header.clip_frames)),
    ])
  }

  /// The seed as text: it has 64 bits, and many readers of JSON keep 53.
  private var sampling: JSONValue {
    guard let sampling = model.sampling else { return .null }
    return .object([
      ("sampler", .string(sampling.sampler.name)),
      ("seed", .string("\(sampling.seed)")),
      ("draws_per_step", .integer(drawsPerStep)),
    ])
  }

  private var frontEndJSON: JSONValue {
    guard let frontEnd else { return .null }
    return .object([
      ("sample_rate_hz", .integer(frontEnd.sampleRate_hz)),
      ("frame_length_samples", .integer(frontEnd.frameLength_samples)),
      ("hop_samples", .integer(frontEnd.hop_samples)),
      ("bands", .integer(frontEnd.bandCount)),
      ("low_hz", .integer(frontEnd.low_hz)),
      ("high_hz", .integer(frontEnd.high_hz)),
    ])
  }

  private func layer(_ layer: LayerHeader) -> JSONValue {
    var fields: [(key: String, value: JSONValue)] = [
      ("kind", .string(layer.kind.name)),
      ("inputs", .integer(layer.inputs)),
      ("neurons", .integer(layer.outputs)),
      ("weight_bits", .integer(layer.weightBits)),
      ("weight_bytes", .integer(layer.weightBytes)),
      ("delays", .string(layer.delayKind.name)),
      ("maximum_delay_steps", .integer(layer.maximumDelay)),
      ("state_fraction_bits", .integer(layer.stateFractionBits)),
    ]
    if layer.isRecurrent { fields.append(("reads_own_spikes", .bool(true))) }
    if layer.kind.hasStateSpaces { fields.append(("state_pairs", .integer(layer.statePairs))) }
    return .object(fields)
  }

  private var detector: JSONValue {
    let detector = model.detector
    let words = model.words.strings
    let keywords = words.indices.filter { detector.isKeyword($0) }
    return .object([
      ("window_frames", .integer(detector.window_frames)),
      ("warm_up_frames", .integer(detector.warmUp_frames)),
      ("refractory_frames", .integer(detector.refractory_frames)),
      ("least_share", .decimal(Double(detector.leastShare_q15) / 32768, decimals: 4)),
      (
        "keywords",
        .object(
          keywords.map {
            (
              words[$0],
              .object([
                ("threshold", .decimal(Double(detector.threshold_q15($0)) / 32768, decimals: 4)),
                ("rearm", .decimal(Double(detector.rearm_q15($0)) / 32768, decimals: 4)),
              ])
            )
          })
      ),
    ])
  }

  private func row(_ row: MemoryTable.Row) -> JSONValue {
    .object([("name", .string(row.name)), ("place", .string(row.place.rawValue)), ("bytes", .integer(row.bytes))])
  }
}
