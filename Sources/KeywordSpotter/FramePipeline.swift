import LogMel
import SiLIF

/// Front end and network in one: samples in, one network step per hop.
///
/// A handle to memory that the caller owns: nothing is allocated after set-up.
public struct FramePipeline {
  public private(set) var extractor: LogMelExtractor
  public let network: Network
  public let settings: LogMelSettings

  /// What one call consumed.
  public struct Progress {
    /// Samples taken from the block.
    public let consumed_samples: Int
    /// Whether the network made a step. Then `network` holds its results until the next call.
    public let hasStepped: Bool

    init(consumed_samples: Int, hasStepped: Bool) {
      self.consumed_samples = consumed_samples
      self.hasStepped = hasStepped
    }
  }

  /// Bytes for the parts, each rounded up to 64 so that the next one starts aligned.
  public struct MemoryPlan: Equatable, Sendable {
    /// States, delay rings and tables of the network.
    public let network: Int
    /// Of these, the delay rings.
    public let rings: Int
    /// Samples, spectrum and tables of the front end. Its scratch memory serves the network too, which steps when the
    /// front end is done with a frame.
    public let extractor: Int
    /// Scratch memory of the network, where that of the front end is too small for it; otherwise 0.
    public let scratch: Int
    public var total: Int { network + extractor + scratch }

    init(model: Model, settings: LogMelSettings) {
      func aligned(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }
      let plan = Network.memoryPlan(for: model)
      network = aligned(plan.state)
      rings = plan.rings
      extractor = aligned(LogMelExtractor.requiredBytes(for: settings))
      scratch = plan.scratch <= LogMelExtractor.scratchBytes(for: settings) ? 0 : aligned(plan.scratch)
    }
  }

  /// What `requiredBytes(for:)` is made of.
  public static func memoryPlan(for model: Model) throws(SpotterError) -> MemoryPlan {
    MemoryPlan(model: model, settings: try frontEndSettings(of: model))
  }

  /// The model's front-end settings, checked against its network.
  public static func frontEndSettings(of model: Model) throws(SpotterError) -> LogMelSettings {
    guard let section = model.frontEnd else { throw .noFrontEnd }
    let settings: LogMelSettings
    do { settings = try LogMelSettings(section: section) } catch { throw .frontEnd(error) }
    guard settings.bandCount == model.header.inputCount else {
      throw .frontEndMismatch(
        field: "band_count", frontEnd: settings.bandCount, network: model.header.inputCount)
    }
    guard settings.outputFractionBits == model.header.inputFractionBits else {
      throw .frontEndMismatch(
        field: "output_fraction_bits", frontEnd: settings.outputFractionBits,
        network: model.header.inputFractionBits)
    }
    return settings
  }

  /// Bytes of memory that `init(model:memory:)` needs, aligned to 64.
  public static func requiredBytes(for model: Model) throws(SpotterError) -> Int {
    try memoryPlan(for: model).total
  }

  /// - Parameters:
  ///   - memory: at least `requiredBytes(for:)`, aligned to 64, owned by the caller and not moved.
  ///   - kernels: one of `KernelLevel.available`.
  public init(
    model: Model, memory: UnsafeMutableRawBufferPointer, kernels: KernelLevel = .best
  ) throws(SpotterError) {
    settings = try FramePipeline.frontEndSettings(of: model)
    let plan = MemoryPlan(model: model, settings: settings)
    precondition(memory.count >= plan.total, "the pipeline's memory is too small")
    func piece(_ start: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + count])
    }
    extractor = LogMelExtractor(
      settings: settings, memory: piece(plan.network, plan.extractor), kernelLevel: kernels.level)
    let scratch =
      plan.scratch == 0
      ? piece(plan.network, LogMelExtractor.scratchBytes(for: settings))
      : piece(plan.network + plan.extractor, plan.scratch)
    network = Network(model: model, state: piece(0, plan.network), scratch: scratch, kernels: kernels)
  }

  /// Back to the state of a fresh pipeline.
  public mutating func reset() {
    extractor.reset()
    network.reset()
  }

  /// Takes samples until the network has made a step or the block is used up.
  @_noAllocation @_noLocks
  public mutating func accept(_ samples: UnsafeBufferPointer<Int16>) -> Progress {
    let progress = extractor.accept(samples, frame: network.frameBuffer)
    if progress.isFrameReady { network.step(network.frameBuffer) }
    return Progress(consumed_samples: progress.consumed_samples, hasStepped: progress.isFrameReady)
  }
}
