import CommandSupport

extension BatchReport {
  var text: String {
    var text = ""
    if listsClips && !results.isEmpty { text += listing + "\n" }
    text += summary
    // Of a single clip the list says it all.
    if tally.labelled > 0 && tally.clips > 1 { text += "\n" + perWordTable + "\n" + confusionTable }
    return text
  }

  private var listing: String {
    var table = TextTable(leftColumns: 2)
    for result in results {
      let verdict = result.label.map { $0 == result.winner ? "" : "(is \(words[$0]))" } ?? ""
      table.add([
        result.name, words[result.winner], decimalText(result.confidence, decimals: 2),
        probabilityText(result.probability), verdict,
      ])
    }
    return table.text
  }

  private var summary: String {
    let clips = Double(max(tally.clips, 1))
    var table = TextTable(leftColumns: 2)
    table.add(["model", modelPath])
    table.add([
      "clips",
      "\(tally.clips), \(tally.labelled) labelled, \(errors.count) failed\(isInterrupted ? ", interrupted" : "")",
    ])
    if tally.labelled > 0 {
      table.add([
        "accuracy", "\(percentText(tally.correct, of: tally.labelled)) (\(tally.correct) of \(tally.labelled))",
      ])
    }
    if seeds.count > 1 && tally.labelled > 0 {
      let right = seeds.map(\.correct)
      let (lowest, highest) = (right.min() ?? 0, right.max() ?? 0)
      table.add([
        "\(seeds.count) seeds",
        "mean \(percentText(right.reduce(0, +), of: tally.labelled * seeds.count)), lowest \(percentText(lowest, of: tally.labelled)), highest \(percentText(highest, of: tally.labelled)); the rest is of the first",
      ])
    }
    let speed = elapsed_s > 0 ? decimalText(Double(tally.clips) / elapsed_s, decimals: 0) : "-"
    table.add([
      "time",
      "\(decimalText(tally.audio_s, decimals: 1)) s of sound in \(decimalText(elapsed_s, decimals: 2)) s, \(speed) clips/s, \(jobs) job\(jobs == 1 ? "" : "s")",
    ])
    table.add([
      "per clip",
      "\(decimalText(Double(tally.layerSpikes.reduce(0, +)) / clips, decimals: 1)) spikes, "
        + "\(decimalText(Double(tally.synapticOperations) / clips, decimals: 0)) synaptic operations",
    ])
    let rates = firingRates.map { decimalText(100 * $0, decimals: 2) + " %" }.joined(separator: ", ")
    table.add(["firing", "\(rates) of a layer's neurons each step"])
    if let saturations = tally.saturations { table.add(["saturations", "\(saturations)"]) }
    return table.text
  }

  private var perWordTable: String {
    var table = TextTable()
    table.add(["word", "clips", "correct", "accuracy", "precision"])
    for word in words.indices {
      let (clips, correct) = (tally.clipCount(of: word), tally.confusion[word][word])
      table.add([
        words[word], "\(clips)", "\(correct)", percentText(correct, of: clips),
        percentText(correct, of: tally.winnerCount(of: word)),
      ])
    }
    return table.text
  }

  private var confusionTable: String {
    var table = TextTable()
    table.add(["is \\ heard"] + words)
    for word in words.indices {
      table.add([words[word]] + tally.confusion[word].map { $0 == 0 ? "." : "\($0)" })
    }
    return table.text
  }
}
