import CSiLIF
import KeywordSpotter
import LogMel
import SiLIF

/// What a `silif_engine *` points at: one model's pipeline and detector, at the start of the caller's memory, before
/// the memory that they work in.
struct Engine {
  let model: Model
  let network: Network
  /// nil for a model without a front end.
  private var pipeline: FramePipeline?
  private var detector: Detector
  private let stepMemory: UnsafeMutableRawBufferPointer
  /// Samples or frames since the engine was opened.
  private var position: Int64 = 0

  var frontEnd: LogMelSettings? { pipeline?.settings }

  static func memoryPlan(for model: Model) throws(SpotterError) -> silif_memory {
    var plan = silif_memory()
    plan.engine = aligned(MemoryLayout<Engine>.size)
    plan.detector = aligned(Detector.requiredBytes(for: model))
    if model.frontEnd == nil {
      plan.network = aligned(Network.requiredBytes(for: model))
    } else {
      let parts = try FramePipeline.memoryPlan(for: model)
      plan.network = parts.network + parts.scratch
      plan.front_end = parts.extractor
    }
    plan.total = plan.engine + plan.network + plan.front_end + plan.detector
    return plan
  }

  /// - Parameter memory: at least `plan.total` bytes, aligned to SILIF_MEMORY_ALIGNMENT.
  init(model: Model, plan: silif_memory, memory: UnsafeMutableRawPointer) throws(SpotterError) {
    self.model = model
    let stepBytes = plan.network + plan.front_end
    stepMemory = UnsafeMutableRawBufferPointer(start: memory + plan.engine, count: stepBytes)
    if model.frontEnd == nil {
      network = Network(model: model, memory: stepMemory)
    } else {
      let made = try FramePipeline(model: model, memory: stepMemory)
      pipeline = made
      network = made.network
    }
    detector = Detector(
      model: model,
      memory: UnsafeMutableRawBufferPointer(start: memory + plan.engine + stepBytes, count: plan.detector))
  }

  mutating func reset() {
    if pipeline == nil { network.reset() } else { pipeline?.reset() }
    detector.reset()
  }

  /// The pipeline is made anew in its own memory, by which the handles to it here stay good.
  mutating func runSelfTest() throws(SpotterError) -> (digest: UInt64, step_count: Int) {
    defer { reset() }
    return try model.runSelfTest(memory: stepMemory)
  }

  func setThreshold(_ threshold_q15: Int32, ofClass index: Int) {
    let defaults = model.detector
    let rearm_q15 = Detector.scaledRearm_q15(
      defaults.rearm_q15(index), from: defaults.threshold_q15(index), to: threshold_q15)
    detector.setLevels(threshold_q15: threshold_q15, rearm_q15: rearm_q15, ofClass: index)
  }

  /// Takes nothing where the model has no front end.
  @_noAllocation @_noLocks
  mutating func push(_ samples: UnsafeBufferPointer<Int16>) -> (consumed_samples: Int, event: silif_event) {
    guard let progress = pipeline?.accept(samples) else { return (0, event(hasStepped: false)) }
    position &+= Int64(progress.consumed_samples)
    return (progress.consumed_samples, event(hasStepped: progress.hasStepped))
  }

  @_noAllocation @_noLocks
  mutating func push(frame: UnsafePointer<Int16>) -> silif_event {
    network.step(frame)
    position &+= 1
    return event(hasStepped: true)
  }

  @_noAllocation @_noLocks
  private mutating func event(hasStepped: Bool) -> silif_event {
    var event = silif_event(stepped: hasStepped ? 1 : 0, word: -1, score_q15: 0, reserved: 0, position: position)
    if hasStepped, let found = detector.step(network.probabilities_q15) {
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
