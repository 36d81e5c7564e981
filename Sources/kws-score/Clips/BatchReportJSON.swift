import CommandSupport

extension BatchReport {
  /// Units stand in the keys; a rate of nothing is null.
  var json: JSONValue {
    let clips = Double(tally.clips)
    let spikes = Double(tally.layerSpikes.reduce(0, +))
    var pairs: [(key: String, value: JSONValue)] = [
      ("model", .string(modelPath)),
      ("clips", .integer(tally.clips)),
      ("labelled", .integer(tally.labelled)),
      ("correct", .integer(tally.correct)),
      ("accuracy", .ratio(Double(tally.correct), Double(tally.labelled), decimals: 6)),
      ("failed", .integer(errors.count)),
      ("errors", .array(errors.map { .object([("path", .string($0.name)), ("message", .string($0.message))]) })),
      ("per_word", .object(words.indices.map { (words[$0], perWord($0)) })),
      ("confusion", .array(tally.confusion.map { .integers($0) })),
      ("words", .strings(words)),
      ("audio_s", .decimal(tally.audio_s, decimals: 3)),
      ("elapsed_s", .decimal(elapsed_s, decimals: 3)),
      ("clips_per_s", .ratio(clips, elapsed_s, decimals: 1)),
      ("jobs", .integer(jobs)),
      ("steps", .integer(tally.steps)),
      ("spikes_per_clip", .ratio(spikes, clips, decimals: 3)),
      ("synaptic_operations_per_clip", .ratio(Double(tally.synapticOperations), clips, decimals: 1)),
      ("spikes_per_neuron_and_step", .array(firingRates.map { .decimal($0, decimals: 5) })),
      ("saturations", tally.saturations.map { .integer(Int64($0)) } ?? .null),
      ("interrupted", .bool(isInterrupted)),
    ]
    if !seeds.isEmpty { pairs.append(("by_seed", bySeed)) }
    if listsClips { pairs.append(("results", .array(results.map(json)))) }
    return .object(pairs)
  }

  /// Accuracies over the seeds; the rest of the report is of the first.
  private var bySeed: JSONValue {
    let (right, labelled) = (seeds.map(\.correct), Double(tally.labelled))
    return .object([
      ("seeds", .strings(seeds.map { "\($0.seed)" })),
      ("accuracy", .array(right.map { .ratio(Double($0), labelled, decimals: 6) })),
      ("accuracy_mean", .ratio(Double(right.reduce(0, +)), labelled * Double(right.count), decimals: 6)),
      ("accuracy_lowest", .ratio(Double(right.min() ?? 0), labelled, decimals: 6)),
      ("accuracy_highest", .ratio(Double(right.max() ?? 0), labelled, decimals: 6)),
    ])
  }

  private func perWord(_ word: Int) -> JSONValue {
    let clips = tally.clipCount(of: word)
    let correct = tally.confusion[word][word]
    return .object([
      ("clips", .integer(clips)),
      ("correct", .integer(correct)),
      ("accuracy", .ratio(Double(correct), Double(clips), decimals: 6)),
      ("precision", .ratio(Double(correct), Double(tally.winnerCount(of: word)), decimals: 6)),
    ])
  }

  private func json(_ result: ClipResult) -> JSONValue {
    .object([
      ("path", .string(result.name)),
      ("label", result.label.map { .string(words[$0]) } ?? .null),
      ("word", .string(words[result.winner])),
      ("score", .decimal(result.confidence, decimals: 4)),
      ("probability", .probability(result.probability)),
    ])
  }
}
