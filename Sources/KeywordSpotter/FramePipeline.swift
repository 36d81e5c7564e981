import Kernels
import LogMel
import SiLIF

/// Front end, where the model has one, and network in one: a network step for each hop of samples, or for each frame.
///
/// Whoever feeds a network feeds this, in one loop: `while pipeline.accept(&samples) { ... }`.
/// A handle to memory that the caller owns: nothing is allocated after set-up. Copies share that memory: use one.
public struct FramePipeline {
  /// Holds the results of the last step until the next.
  public let network: Network
  /// The front end's settings; nil where the model takes precomputed frames only.
  public let frontEnd: LogMelSettings?
  /// In the pipeline's memory, and only where there is a front end.
  ///
  /// A pointer, because Swift 6.0.3 crashes where a step function takes a large struct out of an optional.
  private let extractor: UnsafeMutablePointer<LogMelExtractor>
  private let hasFrontEnd: Bool
  private let frame_values: Int

  private static func aligned(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }

  /// Of the extractor itself, behind the memory that it works in.
  private static var handleBytes: Int { aligned(MemoryLayout<LogMelExtractor>.stride) }

  /// Bytes for the parts, each rounded up to 64 so that the next one starts aligned.
  public struct MemoryPlan: Equatable, Sendable {
    /// States, delay rings and tables of the network.
    public let network: Int
    /// Of these, the delay rings.
    public let rings: Int
    /// Samples, spectrum and tables of the front end; 0 without one. Its scratch memory serves the network too, which
    /// steps when the front end is done with a frame.
    public let extractor: Int
    /// Scratch memory of the network, where that of the front end is too small for it; otherwise 0.
    public let scratch: Int
    /// Bytes of all parts.
    public var total: Int { network + extractor + scratch }

    init(model: Model, frontEnd: LogMelSettings?) {
      let plan = Network.memoryPlan(for: model)
      network = aligned(plan.state)
      rings = plan.rings
      extractor = frontEnd.map { aligned(LogMelExtractor.requiredBytes(for: $0)) + handleBytes } ?? 0
      let shared = frontEnd.map { LogMelExtractor.scratchBytes(for: $0) } ?? 0
      scratch = plan.scratch <= shared ? 0 : aligned(plan.scratch)
    }
  }

  /// What `requiredBytes(for:)` is made of.
  ///
  /// - Throws: SpotterError, as `frontEndSettings(of:)`.
  public static func memoryPlan(for model: Model) throws(SpotterError) -> MemoryPlan {
    MemoryPlan(model: model, frontEnd: try frontEndSettings(of: model))
  }

  /// The model's front-end settings, checked against its network; nil where it has no front end.
  ///
  /// - Throws: SpotterError for settings that this build cannot run, or frames of another size or unit than the network's.
  public static func frontEndSettings(of model: Model) throws(SpotterError) -> LogMelSettings? {
    guard let section = model.frontEnd else { return nil }
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
  ///
  /// - Throws: SpotterError, as `frontEndSettings(of:)`.
  public static func requiredBytes(for model: Model) throws(SpotterError) -> Int {
    try memoryPlan(for: model).total
  }

  /// - Parameters:
  ///   - model: its bytes must outlive the pipeline.
  ///   - memory: at least `requiredBytes(for:)`, aligned to 64, owned by the caller and not moved.
  ///   - kernels: one of `KernelSet.available`.
  /// - Throws: SpotterError, as `frontEndSettings(of:)`.
  public init(
    model: Model, memory: UnsafeMutableRawBufferPointer, kernels: KernelSet = .best
  ) throws(SpotterError) {
    let settings = try FramePipeline.frontEndSettings(of: model)
    let plan = MemoryPlan(model: model, frontEnd: settings)
    precondition(memory.count >= plan.total, "the pipeline's memory is too small")
    func piece(_ start: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + count])
    }
    var scratch = piece(plan.network + plan.extractor, plan.scratch)
    hasFrontEnd = settings != nil
    let extractorEnd = plan.network + plan.extractor
    extractor = (memory.baseAddress.unsafelyUnwrapped + extractorEnd - FramePipeline.handleBytes)
      .bindMemory(to: LogMelExtractor.self, capacity: 1)
    if let settings {
      extractor.initialize(
        to: LogMelExtractor(
          settings: settings, memory: piece(plan.network, plan.extractor - FramePipeline.handleBytes), kernels: kernels)
      )
      if plan.scratch == 0 { scratch = piece(plan.network, LogMelExtractor.scratchBytes(for: settings)) }
    }
    frontEnd = settings
    frame_values = model.header.inputCount
    network = Network(model: model, state: piece(0, plan.network), scratch: scratch, kernels: kernels)
  }

  /// Back to the state of a fresh pipeline.
  public mutating func reset() {
    if hasFrontEnd { extractor.pointee.reset() }
    network.reset()
  }

  /// Takes samples from the front of `samples` until the network has made a step or none are left.
  ///
  /// - Parameter samples: 16 bits, at the front end's rate; what was not taken stays, for the next call.
  /// - Returns: whether the network made a step. Then `network` holds its results until the next call. A pipeline without
  ///   `frontEnd` takes nothing and makes none.
  @_noAllocation @_noLocks
  public mutating func accept(_ samples: inout UnsafeBufferPointer<Int16>) -> Bool {
    // No precondition here: whoever has samples asked for `frontEnd` once, and the path of a sample holds no trap.
    guard hasFrontEnd else { return false }
    let progress = extractor.pointee.accept(samples, frame: network.frameBuffer)
    samples.advance(by: progress.consumed_samples)
    if progress.isFrameReady { network.step(network.frameBuffer) }
    return progress.isFrameReady
  }

  /// Takes one frame from the front of `frames` and steps the network with it, whether the model has a front end or not.
  ///
  /// - Parameter frames: [frame][inputCount], in the model's input format; what was not taken stays, for the next call.
  /// - Returns: whether the network made a step: false where no whole frame is left.
  @_noAllocation @_noLocks
  public mutating func accept(frames: inout UnsafeBufferPointer<Int16>) -> Bool {
    guard frames.count >= frame_values, let frame = frames.baseAddress else { return false }
    network.step(frame)
    frames.advance(by: frame_values)
    return true
  }
}

extension UnsafeBufferPointer<Int16> {
  /// Leaves out the first values, of which there are as many at least. (Slices are not known to the compiler to be free of
  /// allocation.)
  @inline(__always)
  @_noAllocation @_noLocks
  fileprivate mutating func advance(by taken: Int) {
    self = UnsafeBufferPointer(start: baseAddress.map { $0 + taken }, count: count &- taken)
  }
}
