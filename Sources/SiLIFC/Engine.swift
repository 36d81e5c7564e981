import CSiLIF
import KeywordSpotter
import LogMel
import SiLIF

/// What a `silif_engine *` points at: one model's spotter, at the start of the caller's memory, before the memory that it
/// works in.
///
/// Twins: Sources/SpotterHost/CInterface.swift
struct Engine {
  let model: Model
  private var spotter: KeywordSpotter
  private let stepMemory: UnsafeMutableRawBufferPointer

  var network: Network { spotter.pipeline.network }
  /// nil for a model without a front end.
  var frontEnd: LogMelSettings? { spotter.pipeline.frontEnd }

  static func memoryPlan(for model: Model) throws(SpotterError) -> silif_memory {
    var plan = silif_memory()
    let parts = try FramePipeline.memoryPlan(for: model)
    plan.engine = aligned(MemoryLayout<Engine>.size)
    plan.network = parts.network + parts.scratch
    plan.front_end = parts.extractor
    plan.detector = aligned(Detector.requiredBytes(for: model))
    plan.total = plan.engine + plan.network + plan.front_end + plan.detector
    return plan
  }

  /// - Parameter memory: at least `plan.total` bytes, aligned to SILIF_MEMORY_ALIGNMENT.
  init(model: Model, plan: silif_memory, memory: UnsafeMutableRawPointer) throws(SpotterError) {
    self.model = model
    let stepBytes = plan.network + plan.front_end
    stepMemory = UnsafeMutableRawBufferPointer(start: memory + plan.engine, count: stepBytes)
    spotter = KeywordSpotter(
      pipeline: try FramePipeline(model: model, memory: stepMemory),
      detector: Detector(
        model: model,
        memory: UnsafeMutableRawBufferPointer(start: memory + plan.engine + stepBytes, count: plan.detector)))
  }

  /// Of the last step's event.
  var eventProbability_q15: Int32 { spotter.event?.probability_q15 ?? -1 }

  mutating func reset() { spotter.reset() }

  /// The pipeline is made anew in its own memory, by which the handles to it here stay good.
  mutating func runSelfTest() throws(SpotterError) -> (digest: UInt64, step_count: Int) {
    let seed = network.seed
    defer {
      if let seed { network.setSeed(seed) }
      reset()
    }
    return try model.runSelfTest(memory: stepMemory)
  }

  func setThreshold(_ threshold_q15: Int32, ofClass index: Int) {
    let defaults = model.detector
    let rearm_q15 = Detector.scaledRearm_q15(
      defaults.rearm_q15(index), from: defaults.threshold_q15(index), to: threshold_q15)
    spotter.detector.setLevels(threshold_q15: threshold_q15, rearm_q15: rearm_q15, ofClass: index)
  }

  /// For a model with a front end.
  @_noAllocation @_noLocks
  mutating func push(_ samples: UnsafeBufferPointer<Int16>) -> (consumed_samples: Int, event: silif_event) {
    var rest = samples
    let hasStepped = spotter.step(&rest)
    return (samples.count &- rest.count, event(hasStepped))
  }

  /// Takes samples until a word was decided on or none are left. For a model with a front end.
  @_noAllocation @_noLocks
  mutating func hear(_ samples: UnsafeBufferPointer<Int16>) -> (consumed_samples: Int, event: silif_event) {
    var rest = samples
    var hasStepped = false
    while spotter.step(&rest) {
      hasStepped = true
      if event(true).word >= 0 { break }
    }
    return (samples.count &- rest.count, event(hasStepped))
  }

  /// Scores a clip from a fresh start, with zero samples appended up to the model's clip length, and for
  /// the frames after it that the model's rule asks for. For a model with a front end.
  ///
  /// - Parameters:
  ///   - rule: the model's.
  ///   - sums_q15: zeros; receives each class's score times the steps, [classCount]; without a rule, the probabilities
  ///   summed over the steps.
  ///
  /// Twins: Sources/SpotterHost/ClipScorer.swift
  mutating func score(
    _ samples: UnsafeBufferPointer<Int16>, _ frontEnd: LogMelSettings, _ rule: ClipRule,
    sums_q15: UnsafeMutablePointer<Int64>
  ) -> silif_clip {
    reset()
    var clip = silif_clip()
    let sums_q15 = UnsafeMutableBufferPointer(start: sums_q15, count: model.header.classCount)
    add(samples, to: &clip, sums_q15, rule)
    let clip_frames = model.header.clip_frames
    let length = clip_frames > 0 ? frontEnd.frameLength_samples + (clip_frames - 1) * frontEnd.hop_samples : 0
    var missing = max(length - samples.count, 0) + rule.tail_frames * frontEnd.hop_samples
    if missing > 0 {
      withUnsafeTemporaryAllocation(of: Int16.self, capacity: 64) { silence in
        silence.initialize(repeating: 0)
        while missing > 0 {
          add(UnsafeBufferPointer(rebasing: silence[..<min(64, missing)]), to: &clip, sums_q15, rule)
          missing -= 64
        }
      }
    }
    clip.winner = Int32(rule.finish(sums_q15, steps: Int(clip.steps)))
    clip.spikes = network.spikeCount
    return clip
  }

  @_noAllocation @_noLocks
  private mutating func add(
    _ samples: UnsafeBufferPointer<Int16>, to clip: inout silif_clip, _ sums_q15: UnsafeMutableBufferPointer<Int64>,
    _ rule: ClipRule
  ) {
    var rest = samples
    while spotter.step(&rest) {
      rule.add(network, spotter.detector, to: sums_q15)
      clip.steps &+= 1
    }
  }

  /// - Parameter frame: of the network's input size.
  @_noAllocation @_noLocks
  mutating func push(frame: UnsafeBufferPointer<Int16>) -> silif_event {
    var rest = frame
    let hasStepped = spotter.step(frames: &rest)
    return event(hasStepped)
  }

  @_noAllocation @_noLocks
  private func event(_ hasStepped: Bool) -> silif_event {
    var event = silif_event(
      stepped: hasStepped ? 1 : 0, word: -1, score_q15: 0, reserved: 0, position: spotter.position)
    if let found = spotter.event {
      event.word = Int32(truncatingIfNeeded: found.word)
      event.score_q15 = found.score_q15
    }
    return event
  }

  private static func aligned(_ bytes: Int) -> Int {
    let alignment = Int(SILIF_MEMORY_ALIGNMENT)
    return (bytes + alignment - 1) / alignment * alignment
  }
}
