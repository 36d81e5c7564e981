import Kernels

/// A network ready to step: every size is known and every byte reserved at set-up; afterwards nothing allocates, locks,
/// throws or calls out.
///
/// A network is a handle to the memory that it was given: copies step the same state.
public struct Network {
  /// Sizes and units, as in the model file.
  public let header: NetworkHeader
  private let layers: UnsafeMutablePointer<Layer>
  private let input: Frames
  /// How much the network's input brought in the last step, and then how many neurons of each layer fired, [layerCount + 1].
  private let activeCounts: UnsafeMutablePointer<Int>
  private let softmax: Softmax
  private let probabilities: UnsafeMutablePointer<UInt16>
  private let counters: UnsafeMutablePointer<UInt64>
  /// What draws depend on; no memory where no layer samples.
  private let clock: UnsafeMutablePointer<SamplingClock>
  /// Whether layers draw numbers, so that a seed matters.
  public let draws: Bool
  /// Potentials of the last layer in the last step, [classCount], 16 fractional bits.
  public let membrane: UnsafePointer<Int32>
  /// Of a last layer that fires: 1 where a neuron fired in the last step, [lastWidth]. Of a readout there is nothing here.
  private let lastFired: UnsafeMutablePointer<UInt8>
  private let lastWidth: Int
  /// Whether the classes are read off those.
  private let readsSpikes: Bool

  /// Bytes of the network's memory.
  public struct MemoryPlan: Equatable, Sendable {
    /// What must stay from step to step: states, delay rings, tables, the last step's results.
    public let state: Int
    /// Of these, the delay rings.
    public let rings: Int
    /// What a step needs while it runs. Between two steps it may serve others.
    public let scratch: Int
  }

  /// What `init(model:state:scratch:)` needs, each aligned to 64.
  public static func memoryPlan(for model: Model) -> MemoryPlan {
    var state = Arena()
    var scratch = Arena()
    _ = Network(model: model, kernels: .swift, state: &state, scratch: &scratch, isCounting: true)
    return MemoryPlan(state: state.usedBytes, rings: state.ringBytes, scratch: scratch.usedBytes)
  }

  /// Bytes of memory that `init(model:memory:)` needs, aligned to 64.
  public static func requiredBytes(for model: Model) -> Int {
    let plan = memoryPlan(for: model)
    return plan.state + plan.scratch
  }

  /// - Parameters:
  ///   - model: validated; its bytes must outlive the network.
  ///   - memory: at least `requiredBytes(for:)`, aligned to 64, owned by the caller and not moved.
  ///   - kernels: one of `KernelSet.available`.
  public init(model: Model, memory: UnsafeMutableRawBufferPointer, kernels: KernelSet = .best) {
    let plan = Network.memoryPlan(for: model)
    precondition(memory.count >= plan.state + plan.scratch, "the network's memory is too small")
    self.init(
      model: model, state: UnsafeMutableRawBufferPointer(rebasing: memory[..<plan.state]),
      scratch: UnsafeMutableRawBufferPointer(rebasing: memory[plan.state...]), kernels: kernels)
  }

  /// - Parameters:
  ///   - model: validated; its bytes must outlive the network.
  ///   - state: at least `memoryPlan(for:).state` bytes, aligned to 64, owned by the caller and not moved.
  ///   - scratch: at least `memoryPlan(for:).scratch` bytes, likewise; others may use them between two steps.
  ///   - kernels: one of `KernelSet.available`.
  public init(
    model: Model, state: UnsafeMutableRawBufferPointer, scratch: UnsafeMutableRawBufferPointer,
    kernels: KernelSet = .best
  ) {
    let plan = Network.memoryPlan(for: model)
    precondition(state.count >= plan.state && scratch.count >= plan.scratch, "the network's memory is too small")
    precondition(
      UInt(bitPattern: state.baseAddress) % UInt(Arena.alignment) == 0
        && UInt(bitPattern: scratch.baseAddress) % UInt(Arena.alignment) == 0, "memory must be aligned to 64")
    var stateArena = Arena(memory: state)
    var scratchArena = Arena(memory: scratch)
    self.init(model: model, kernels: kernels, state: &stateArena, scratch: &scratchArena, isCounting: false)
  }

  private init(
    model: Model, kernels: KernelSet, state arena: inout Arena, scratch scratchArena: inout Arena, isCounting: Bool
  ) {
    header = model.header
    readsSpikes = model.header.scores == .spikes
    layers = arena.reserveValues(Layer.self, model.header.layerCount)
    counters = arena.reserve(UInt64.self, Counter.count)
    draws = model.sampling.map { $0.draws } ?? false
    clock = arena.reserveValues(SamplingClock.self, model.sampling == nil ? 0 : 1)
    if let sampling = model.sampling, !isCounting {
      clock.initialize(to: SamplingClock(seed: sampling.seed))
    }
    #if DEBUG
      let saturation = SaturationCounter(count: counters + Counter.saturations.rawValue)
    #else
      let saturation = SaturationCounter()
    #endif
    var sizes = Connection.Scratch.Sizes()
    var (longestList, widestOwn, lastFires) = (0, 0, false)
    for index in 0..<model.header.layerCount {
      let layer = model.layer(index)
      sizes.include(layer)
      lastFires = layer.kind.fires
      if lastFires { longestList = max(longestList, layer.paddedOutputs) }
      if layer.isRecurrent { widestOwn = max(widestOwn, layer.paddedOutputs) }
    }
    let scratch = Connection.Scratch(sizes, kernels: kernels, arena: &scratchArena)
    let ownScratch = OwnSpikes.Scratch(width: widestOwn, arena: &scratchArena)
    // One list of spikes for all edges: of each the next layer is the only reader, and it is done reading when it has made its
    // sums, before its own neurons fire. A block's own spikes it reads itself.
    let active = scratchArena.reserve(UInt16.self, longestList)
    // Of the last layer the spikes are the result, which is no layer's input and is not counted among them.
    activeCounts = arena.reserve(Int.self, model.header.layerCount + 1)
    let uncounted = scratchArena.reserve(Int.self, lastFires ? 1 : 0)

    input = Frames(
      width: model.header.inputCount, values: arena.reserve(Int16.self, model.header.inputCount),
      activeCount: activeCounts, countsZeros: model.header.inputKind != .counts)
    var edge: Edge? = .frames(input)
    var potentials: UnsafePointer<Int32>?
    var last = (fired: UnsafeMutablePointer<UInt8>(bitPattern: Arena.alignment).unsafelyUnwrapped, width: 0)
    for index in 0..<model.header.layerCount {
      let parameters = model.parameters(index)
      let below = edge.unsafelyUnwrapped
      let (kind, width) = (parameters.header.kind, parameters.header.paddedOutputs)
      var fired: Edge?
      if kind.isTernary {
        fired = .frames(
          Frames(
            width: parameters.header.inputs, values: arena.reserve(Int16.self, width),
            activeCount: activeCounts + index + 1, countsZeros: false))
      } else if kind.fires {
        let flags = arena.reserve(UInt8.self, width)
        let isLast = index == model.header.layerCount - 1
        let count = isLast ? uncounted : activeCounts + index + 1
        fired = .spikes(Spikes(width: width, flags: flags, active: active, count: count))
        last = (flags, isLast ? width : 0)
      }
      switch kind.output {
      case .spikes?: edge = fired
      case .stream?:
        edge = .stream(
          Stream(
            width: width, values_qF: arena.reserve(Int32.self, width),
            fractionBits: parameters.header.stateFractionBits))
      case .frames?, nil: edge = nil
      }
      let layer = Layer(
        parameters, input: below, output: edge, own: kind.isBlock ? fired : nil,
        drawing: Drawing(index: index, sampler: model.sampling?.sampler ?? .draws, clock: clock), scratch: scratch,
        ownScratch: ownScratch, saturation: saturation, arena: &arena)
      potentials = layer.neurons.potentials_qF
      if !isCounting { (layers + index).initialize(to: layer) }
    }
    // The last layer is one that has potentials: the reader made sure.
    membrane = potentials.unsafelyUnwrapped
    (lastFired, lastWidth) = last
    softmax = Softmax(classes: model.header.classCount, state: &arena, scratch: &scratchArena)
    probabilities = arena.reserve(UInt16.self, model.header.classCount)
    if !isCounting { softmax.prepare() }
  }

  private enum Counter: Int {
    case spikes = 0
    case synapticOperations = 1
    case saturations = 2
    static var count: Int { @_noAllocation @_noLocks @inline(__always) get { 3 } }
  }

  /// Back to the state of a fresh network: all states, rings and counters zero.
  @_noAllocation @_noLocks
  public func reset() {
    for index in 0..<header.layerCount {
      layers[index].reset()
      layers[index].input.reset()
    }
    for index in 0..<lastWidth { lastFired[index] = 0 }
    for index in 0..<header.classCount { probabilities[index] = 0 }
    for index in 0..<Counter.count { counters[index] = 0 }
    if draws { clock.pointee.step = UInt64.max }
  }

  /// What numbers depend on beside step and place; nil where none are drawn.
  public var seed: UInt64? { draws ? clock.pointee.seed : nil }

  /// Draws other numbers from the next step on, as if it were the first after a reset; a reset keeps the seed. Without effect
  /// where no layer draws. The model's own seed is in `Model.sampling`.
  @_noAllocation @_noLocks
  public func setSeed(_ seed: UInt64) {
    guard draws else { return }
    clock.pointee.seed = seed
    clock.pointee.step = UInt64.max
  }

  /// One step on one frame of `header.inputCount` values, which may be `frameBuffer`; values beyond ±header.inputLimit
  /// are saturated to it.
  @_noAllocation @_noLocks
  public func step(_ input: UnsafePointer<Int16>) {
    accept(input)
    for index in 0..<header.layerCount { stepLayer(index) }
    updateProbabilities()
  }

  /// The first part of a step, for whoever measures the parts: takes in the frame.
  @_noAllocation @_noLocks
  public func accept(_ frame: UnsafePointer<Int16>) {
    input.accept(frame, limit: Int16(truncatingIfNeeded: header.inputLimit))
    if draws { clock.pointee.step &+= 1 }
  }

  /// The next part: each layer in turn, from the first on.
  @_noAllocation @_noLocks
  public func stepLayer(_ index: Int) {
    count(layer: index, layers[index].step())
  }

  /// A part of `stepLayer` of a layer that is a block, so that each can be timed; all in turn make the same step.
  @_noAllocation @_noLocks
  public func stepLayer(_ index: Int, _ part: BlockPart) {
    let operations = layers[index].step(part)
    switch part {
    case .mix: count(layer: index, operations)
    case .take, .turn, .fire: break
    }
  }

  @_noAllocation @_noLocks
  @inline(__always)
  private func count(layer index: Int, _ operations: Int) {
    counters[Counter.spikes.rawValue] &+= UInt64(truncatingIfNeeded: activeCounts[index &+ 1])
    counters[Counter.synapticOperations.rawValue] &+= UInt64(truncatingIfNeeded: operations)
  }

  /// The last part: the softmax of the last layer's potentials, or its spikes.
  @_noAllocation @_noLocks
  public func updateProbabilities() {
    guard !readsSpikes else { return readSpikes() }
    softmax.step(membrane: membrane, classes: header.classCount, probabilities_q15: probabilities)
  }

  @_noAllocation @_noLocks
  @inline(never)
  private func readSpikes() {
    for index in 0..<header.classCount { probabilities[index] = UInt16(lastFired[index]) &<< 15 }
  }

  /// Of each class at the last step, [classCount], Q15: the softmax of the last layer's potentials, or, by the model's
  /// `header.scores`, its spikes.
  public var probabilities_q15: UnsafePointer<UInt16> {
    @_noAllocation @_noLocks get { UnsafePointer(probabilities) }
  }

  /// Where a frame may be written before `step` is called with this same pointer, [inputCount].
  public var frameBuffer: UnsafeMutablePointer<Int16> { @_noAllocation @_noLocks get { input.values } }

  /// The frame that the last step computed with, after saturation, [inputCount].
  public var lastFrame: UnsafePointer<Int16> { UnsafePointer(input.values) }

  /// Spikes of hidden layer `index` in the last step: 1 where a neuron fired, [outputs]; of a block those that its weights
  /// read. Empty for an encoder, which has none.
  public func spikes(ofLayer index: Int) -> UnsafeBufferPointer<UInt8> {
    precondition(index >= 0 && index < header.layerCount - 1)
    if let flags = layers[index].neurons.flags {
      return UnsafeBufferPointer(start: flags, count: layers[index].outputs)
    }
    // Behind an encoder the next layer's spikes are its own.
    guard layers[index].neurons.stream == nil, case .spikes(let spikes) = layers[index + 1].input else {
      return UnsafeBufferPointer(start: nil, count: 0)
    }
    return UnsafeBufferPointer(start: spikes.flags, count: layers[index].outputs)
  }

  /// The spikes that drive the state spaces of hidden layer `index` in the last step, [outputs]. Empty where the kind draws
  /// none.
  public func takenSpikes(ofLayer index: Int) -> UnsafeBufferPointer<UInt8> {
    precondition(index >= 0 && index < header.layerCount - 1)
    let taken = layers[index].neurons.taken
    return UnsafeBufferPointer(start: taken.map { UnsafePointer($0) }, count: taken == nil ? 0 : layers[index].outputs)
  }

  /// Where the spikes of hidden layer `index` were negative in the last step, [outputs]. Empty where the kind's have no sign.
  public func negativeSpikes(ofLayer index: Int) -> UnsafeBufferPointer<UInt8> {
    precondition(index >= 0 && index < header.layerCount - 1)
    let negatives = layers[index].neurons.negatives
    return UnsafeBufferPointer(
      start: negatives.map { UnsafePointer($0) }, count: negatives == nil ? 0 : layers[index].outputs)
  }

  /// The stream after hidden layer `index` in the last step, [outputs], with the fractional bits of the layer's header.
  /// Empty where the layer writes none.
  public func stream(ofLayer index: Int) -> UnsafeBufferPointer<Int32> {
    precondition(index >= 0 && index < header.layerCount - 1)
    let values = layers[index].neurons.stream?.values_qF
    return UnsafeBufferPointer(
      start: values.map { UnsafePointer($0) }, count: values == nil ? 0 : layers[index].outputs)
  }

  /// Neurons of hidden layer `index` that fired in the last step.
  public func spikeCount(ofLayer index: Int) -> Int {
    precondition(index >= 0 && index < header.layerCount - 1)
    return activeCounts[index + 1]
  }

  /// Spikes of all hidden layers since the last reset.
  public var spikeCount: UInt64 { counters[Counter.spikes.rawValue] }

  /// Synaptic operations since the last reset, by the paper's definition: non-zero inputs of a layer times its
  /// outputs, where dense input (log-mel) counts each element and event counts only those that are not zero.
  public var synapticOperationCount: UInt64 { counters[Counter.synapticOperations.rawValue] }

  /// Sums that left their range since the last reset. Counted in debug builds; nil in release builds.
  public var saturationCount: UInt64? {
    #if DEBUG
      return counters[Counter.saturations.rawValue]
    #else
      return nil
    #endif
  }
}
