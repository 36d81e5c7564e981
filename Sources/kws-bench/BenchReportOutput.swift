import CommandSupport

extension BenchReport {
  var json: JSONValue {
    .object([
      ("model", .string(modelPath)),
      ("input", .string(inputName)),
      ("build", .string(BenchReport.isDebugBuild ? "debug" : "release")),
      ("kernels", .string(kernels.name)),
      ("timed_steps", .integer(timedSteps)),
      ("input_steps", .integer(steps)),
      ("step_us", .integer(step_us)),
      ("stages", .object(stages.map { ($0.name, $0.timings?.json ?? .null) })),
      ("layers", .array(layers.indices.map(layer))),
      ("clock_us", .decimal(clock_us, decimals: 3)),
      ("mean_us_per_step", .decimal(mean_us, decimals: 3)),
      ("real_time_factor", .decimal(realTimeFactor, decimals: 6)),
      ("spikes_per_s", .decimal(spikes_per_s, decimals: 1)),
      ("synaptic_operations_per_s", .decimal(synapticOperations_per_s, decimals: 0)),
      ("spikes_per_clip", spikes_per_clip.map { .decimal($0, decimals: 1) } ?? .null),
      ("synaptic_operations_per_clip", synapticOperations_per_clip.map { .decimal($0, decimals: 0) } ?? .null),
      ("spikes_per_neuron_and_step", .array(firingRates.map { .decimal($0, decimals: 5) })),
      (
        "memory",
        .object([
          ("flash_bytes", .integer(memory.total(.flash))),
          ("ram_bytes", .integer(memory.total(.ram))),
          ("process_resident_kB", resident_kB.map { .integer($0) } ?? .null),
          ("process_own_kB", ownMemory_kB.map { .integer($0) } ?? .null),
        ])
      ),
    ])
  }

  var text: String {
    var overview = TextTable(leftColumns: 2)
    overview.add(["model", modelPath])
    overview.add(["input", inputName])
    overview.add(["kernels", kernels.name])
    if BenchReport.isDebugBuild { overview.add(["build", "debug: these times say nothing; use a release build"]) }

    var times = TextTable()
    times.add([
      "µs per step of \(decimalText(Double(step_us) / 1000, decimals: 1)) ms", "median", "mean", "p95", "p99.9",
      "worst",
    ])
    func add(_ name: String, _ timings: Timings) {
      let figures: [Double?] = [timings.median_us, timings.mean_us, timings.p95_us, timings.p999_us, timings.worst_us]
      times.add([name] + figures.map { $0.map { decimalText($0, decimals: 2) } ?? "-" })
    }
    for stage in stages {
      guard let timings = stage.timings else {
        times.add([names[stage.name] ?? stage.name, "-", "-", "-", "-", "-"])
        continue
      }
      add(names[stage.name] ?? stage.name, timings)
      guard stage.name == "network" else { continue }
      for (index, layer) in layers.enumerated() {
        add(layerKinds[index].output == nil ? "  readout" : "  layer \(index + 1)", layer)
        for (part, timings) in parts[index] { add("    \(name(of: part, inLayer: index).text)", timings) }
      }
    }

    var totals = TextTable(leftColumns: 2)
    totals.add([
      "steps", "\(timedSteps); each time holds \(decimalText(clock_us, decimals: 3)) µs for reading the clock",
    ])
    totals.add([
      "mean", "of the time computed; the others by the clock on the wall, interruptions by other programs included",
    ])
    totals.add([
      "processor",
      "\(decimalText(100 * realTimeFactor, decimals: 3)) % of one core, \(decimalText(1 / realTimeFactor, decimals: 0)) times real time",
    ])
    totals.add([
      "activity",
      "\(decimalText(spikes_per_s, decimals: 0)) spikes/s, \(decimalText(synapticOperations_per_s / 1e6, decimals: 3)) million synaptic operations/s",
    ])
    if let spikes_per_clip, let synapticOperations_per_clip {
      totals.add([
        "a clip",
        "\(decimalText(spikes_per_clip, decimals: 0)) spikes, \(decimalText(synapticOperations_per_clip / 1e6, decimals: 3)) million synaptic operations in its \(clip_steps) steps",
      ])
    }
    let rates = firingRates.map { decimalText(100 * $0, decimals: 2) + " %" }.joined(separator: ", ")
    totals.add(["firing", "\(rates) of a layer's neurons each step"])
    totals.add(["memory", "\(memory.total(.flash)) bytes of flash, \(memory.total(.ram)) bytes of RAM"])
    if let resident_kB, let ownMemory_kB {
      totals.add(["process", "\(resident_kB) kB resident, \(ownMemory_kB) kB of it its own (with the input in memory)"])
    }
    return overview.text + "\n" + times.text + "\n" + totals.text
  }

  /// Of a block with its parts.
  private func layer(_ index: Int) -> JSONValue {
    guard case .object(var fields) = layers[index].json, !parts[index].isEmpty else { return layers[index].json }
    let own: [(key: String, value: JSONValue)] = parts[index].map { part, timings in
      (name(of: part, inLayer: index).key, timings.json)
    }
    fields.append(("parts", .object(own)))
    return .object(fields)
  }

  private var names: [String: String] {
    [
      "front_end": "front end", "whole": "audio to keyword", "worst_network_step": "network, every neuron firing",
      "worst_whole": "audio to keyword, every neuron firing",
    ]
  }
}
