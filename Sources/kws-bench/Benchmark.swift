import AudioInput
import CommandSupport
import Kernels
import KeywordSpotter
import LogMel
import SiLIF
import SpotterHost

/// Times the stages one after the other: each runs alone over the whole input, on what the stage before made.
struct Benchmark {
  let file: ModelFile
  let input: BenchInput
  let steps: Int
  let kernels: KernelSet

  private var header: NetworkHeader { file.model.header }

  func run() throws(Failure) -> BenchReport {
    do {
      var report = BenchReport(
        file: file, inputName: input.name, timedSteps: steps, kernels: kernels, memory: try MemoryTable(file.model))
      var frames = input.frames
      if !input.samples.isEmpty {
        (report.frontEnd, frames) = try frontEnd()
        report.whole = try whole(file.model, input.samples)
      }
      guard !frames.isEmpty else { throw Failure("\(input.name): too short for a single step") }
      let probabilities = network(frames, &report)
      report.detector = detector(probabilities)
      for clamps in [false, true] {
        guard let worst = WorstCaseModel(of: file.model, clamps: clamps), let step = worstStep(worst) else { continue }
        if let other = report.worstStep, other.median_us >= step.median_us { continue }
        report.worstStep = step
        if report.whole != nil { report.worstWhole = try worstWhole(worst) }
      }
      report.clock_us = StepTimer.clock_us
      report.readProcessMemory()
      return report
    } catch let error as SpotterError {
      throw Failure(spotterMessage(error, path: file.path))
    } catch let error as Failure {
      throw error
    } catch {
      throw Failure("\(error)")
    }
  }

  /// Also returns the frames of one pass over the input.
  private func frontEnd() throws(SpotterError) -> (Timings, [Int16]) {
    guard let settings = try FramePipeline.frontEndSettings(of: file.model) else {
      return (Timings([], computed_ns: 0), [])
    }
    let memory = AlignedMemory(byteCount: LogMelExtractor.requiredBytes(for: settings))
    let extractor = LogMelExtractor(settings: settings, memory: memory.bytes, kernels: kernels)
    var frame = [Int16](repeating: 0, count: settings.bandCount)
    var frames: [Int16] = []
    /// The front end alone, without the network that a pipeline steps.
    func feed(_ samples: Slice<UnsafeBufferPointer<Int16>>, onFrame: () -> Void) {
      var rest = UnsafeBufferPointer(rebasing: samples)
      while !rest.isEmpty {
        let progress = extractor.accept(rest, frame: &frame)
        if progress.isFrameReady { onFrame() }
        rest = UnsafeBufferPointer(rebasing: rest[progress.consumed_samples...])
      }
    }
    input.samples.withUnsafeBufferPointer { feed($0[...]) { frames += frame } }
    guard !frames.isEmpty else { return (Timings([], computed_ns: 0), []) }
    // From now on each hop completes a frame: where in the input a hop begins does not matter.
    let hop = settings.hop_samples
    let hops = input.samples.count / hop
    var timer = StepTimer(steps: steps)
    input.samples.withUnsafeBufferPointer { samples in
      for step in 0..<steps {
        let start = step % hops * hop
        timer.time { feed(samples[start..<start + hop]) {} }
      }
    }
    let timings = timer.timings
    withExtendedLifetime(memory) {}
    return (timings, frames)
  }

  /// Also returns the probabilities of one pass over the input, [frame][classCount].
  private func network(_ frames: [Int16], _ report: inout BenchReport) -> [UInt16] {
    let memory = AlignedMemory(byteCount: Network.requiredBytes(for: file.model))
    let network = Network(model: file.model, memory: memory.bytes, kernels: kernels)
    network.reset()
    let count = frames.count / header.inputCount
    var probabilities: [UInt16] = []
    report.layerSpikes = [UInt64](repeating: 0, count: header.layerCount - 1)
    report.steps = count
    frames.withUnsafeBufferPointer { values in
      for step in 0..<count {
        network.step(values.baseAddress! + step * header.inputCount)
        for layer in report.layerSpikes.indices {
          report.layerSpikes[layer] += UInt64(network.spikeCount(ofLayer: layer))
        }
        probabilities += UnsafeBufferPointer(start: network.probabilities_q15, count: header.classCount)
      }
      report.synapticOperations = network.synapticOperationCount
      var timer = StepTimer(steps: steps)
      for step in 0..<steps {
        let frame = values.baseAddress! + step % count * header.inputCount
        timer.time { network.step(frame) }
      }
      report.network = timer.timings
      report.layers = layers(of: network, values, count)
      report.parts = parts(of: network, values, count)
    }
    withExtendedLifetime(memory) {}
    return probabilities
  }

  /// Each layer alone, in its turn in the step.
  private func layers(of network: Network, _ values: UnsafeBufferPointer<Int16>, _ count: Int) -> [Timings] {
    var timers = (0..<header.layerCount).map { _ in StepTimer(steps: steps) }
    for step in 0..<steps {
      network.accept(values.baseAddress! + step % count * header.inputCount)
      for layer in timers.indices { timers[layer].time { network.stepLayer(layer) } }
      network.updateProbabilities()
    }
    return timers.map(\.timingsWithoutMean)
  }

  /// The parts of each block alone, in their turn in the step; of other layers nothing.
  private func parts(
    of network: Network, _ values: UnsafeBufferPointer<Int16>, _ count: Int
  ) -> [[(part: BlockPart, timings: Timings)]] {
    let isBlock = (0..<header.layerCount).map { file.model.layer($0).kind.isBlock }
    guard isBlock.contains(true) else { return isBlock.map { _ in [] } }
    let parts = BlockPart.allCases
    var timers = isBlock.map { $0 ? parts.map { _ in StepTimer(steps: steps) } : [] }
    for step in 0..<steps {
      network.accept(values.baseAddress! + step % count * header.inputCount)
      for layer in timers.indices {
        guard isBlock[layer] else { network.stepLayer(layer); continue }
        for (index, part) in parts.enumerated() { timers[layer][index].time { network.stepLayer(layer, part) } }
      }
      network.updateProbabilities()
    }
    return timers.map { zip(parts, $0).map { ($0, $1.timingsWithoutMean) } }
  }

  private func detector(_ probabilities: [UInt16]) -> Timings {
    let settings = DetectorSettings(defaultsOf: file.model)
    let memory = AlignedMemory(byteCount: Detector.requiredBytes(for: settings))
    var detector = Detector(settings: settings, memory: memory.bytes)
    var timer = StepTimer(steps: steps)
    let count = probabilities.count / header.classCount
    probabilities.withUnsafeBufferPointer { rows in
      for step in 0..<steps {
        let row = rows.baseAddress! + step % count * header.classCount
        timer.time { _ = detector.step(row, at: Int64(step)) }
      }
    }
    withExtendedLifetime(memory) {}
    return timer.timings
  }

  /// Audio to keyword, a hop at a time.
  private func whole(_ model: Model, _ samples: [Int16], warmUp_hops: Int = 0) throws(SpotterError) -> Timings {
    let settings = DetectorSettings(defaultsOf: model)
    let memory = AlignedMemory(byteCount: try KeywordSpotter.requiredBytes(for: model, settings: settings))
    var spotter = try KeywordSpotter(model: model, settings: settings, memory: memory.bytes, kernels: kernels)
    guard let hop = spotter.pipeline.frontEnd?.hop_samples, samples.count >= hop else {
      return StepTimer(steps: 0).timings
    }
    let hops = samples.count / hop
    func hear(_ samples: UnsafeBufferPointer<Int16>, _ index: Int) {
      let start = index % hops * hop
      var rest = UnsafeBufferPointer(rebasing: samples[start..<start + hop])
      while spotter.accept(&rest) != nil {}
    }
    samples.withUnsafeBufferPointer { samples in for index in 0..<warmUp_hops { hear(samples, index) } }
    var timer = StepTimer(steps: steps)
    samples.withUnsafeBufferPointer { samples in
      for step in 0..<steps { timer.time { hear(samples, step) } }
    }
    withExtendedLifetime(memory) {}
    return timer.timings
  }

  /// Audio to keyword with every neuron firing, on noise that leaves no value of a frame zero.
  private func worstWhole(_ worst: WorstCaseModel) throws(SpotterError) -> Timings {
    var random = SyntheticModel.Random()
    let noise = (0..<outputRate_hz).map { _ in Int16.random(in: .min ... .max, using: &random) }
    defer { withExtendedLifetime(worst) {} }
    return try whole(worst.model, noise, warmUp_hops: WorstCaseModel.warmUp_steps)
  }

  /// The network's step with every input at its limit and every neuron firing; nil where not all of them did.
  private func worstStep(_ worst: WorstCaseModel) -> Timings? {
    let memory = AlignedMemory(byteCount: Network.requiredBytes(for: worst.model))
    let network = Network(model: worst.model, memory: memory.bytes, kernels: kernels)
    network.reset()
    let hidden = (0..<header.layerCount - 1).map(worst.model.layer)
    let neurons = hidden.filter(\.kind.fires).reduce(0) { $0 + $1.outputs }
    let frame = [Int16](repeating: Int16(header.inputLimit), count: header.inputCount)
    let timings = frame.withUnsafeBufferPointer { values in
      for _ in 0..<WorstCaseModel.warmUp_steps { network.step(values.baseAddress!) }
      var timer = StepTimer(steps: steps)
      for _ in 0..<steps { timer.time { network.step(values.baseAddress!) } }
      return timer.timings
    }
    let fired = (0..<header.layerCount - 1).reduce(0) { $0 + network.spikeCount(ofLayer: $1) }
    withExtendedLifetime((memory, worst)) {}
    return fired == neurons ? timings : nil
  }
}
