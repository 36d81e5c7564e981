/// Hard caps on every count in a model file: nothing absurd is ever multiplied or reserved.
enum LayerLimits {
  static let layers = 16
  static let neurons = 4096
  static let classes = 256
  static let delay = 255
  static let stateFractionBits = 8...24
  static let statePairs = 64
}

/// The header of a LAYR section: what a layer is and how large (docs/MODEL-FORMAT.md). The tables follow from it.
///
/// Twins: tools/silif_tools/model_file/schema.py, docs/MODEL-FORMAT.md
public struct LayerHeader: Sendable, BitwiseCopyable {
  /// The equations of its neurons.
  public let kind: NeuronKind
  /// What it reads.
  public let source: EdgeKind
  #if SILIF_WITHOUT_BLOCKS
    /// Whether it reads its own spikes of the step before, too.
    public var isRecurrent: Bool { false }
  #else
    /// Whether it reads its own spikes of the step before, too.
    public let isRecurrent: Bool
  #endif
  /// Where its delays sit.
  public let delayKind: DelayKind
  /// Bits of a weight: 4, 8 or 16.
  public let weightBits: Int
  /// Values or neurons that it reads, 1...4096.
  public let inputs: Int
  /// Its neurons, 1...4096.
  public let outputs: Int
  /// Largest delay in steps, 0...255.
  public let maximumDelay: Int
  /// Fractional bits F of the states, 8...24.
  public let stateFractionBits: Int
  /// Complex states of each channel, 1...64; 0 where the kind has no state spaces.
  public let statePairs: Int

  /// Outputs rounded up to a multiple of 16: the row stride, so that every row starts aligned and loops need no tail.
  /// The padding neurons have zero weights and coefficients (checked at load) and so never spike.
  public var paddedOutputs: Int { @_noAllocation @_noLocks @inline(__always) get { (outputs &+ 15) & ~15 } }

  /// Columns of its weights: padded outputs, those of each branch after those of the other.
  public var columns: Int { @_noAllocation @_noLocks @inline(__always) get { kind.branches &* paddedOutputs } }

  /// Whether a column, counted through all branches, belongs to no neuron.
  public func isPadding(column: Int) -> Bool { column % paddedOutputs >= outputs }

  /// What its weights read: what the layer reads, but in a block the spikes that it makes of the stream, or the ternary frame.
  public var weightedSource: EdgeKind {
    @_noAllocation @_noLocks @inline(__always) get { kind.isTernary ? .frames : kind.isBlock ? .spikes : source }
  }

  /// Bytes of the weights in the file, padding and those of its own spikes included.
  public var weightBytes: Int { (inputs + (isRecurrent ? outputs : 0)) * columns * weightBits / 8 }

  /// `source` in the file.
  var sourceField: UInt16 { source.rawValue | (isRecurrent ? LayerHeader.recurrentSource : 0) }

  static let bytes = 32
  /// Added to the source in the file where a layer reads its own spikes, too.
  static let recurrentSource: UInt16 = 4

  /// A layer that is in no file yet: for whoever writes one. The values lie in the ranges above.
  public init(
    kind: NeuronKind, source: EdgeKind, isRecurrent: Bool = false, delayKind: DelayKind = .none, weightBits: Int = 8,
    inputs: Int, outputs: Int, maximumDelay: Int = 0, stateFractionBits: Int = 16, statePairs: Int = 0
  ) {
    self.kind = kind
    self.source = source
    #if !SILIF_WITHOUT_BLOCKS
      self.isRecurrent = isRecurrent
    #endif
    self.delayKind = delayKind
    self.weightBits = weightBits
    self.inputs = inputs
    self.outputs = outputs
    self.maximumDelay = maximumDelay
    self.stateFractionBits = stateFractionBits
    self.statePairs = statePairs
  }

  @_optimize(size)
  init(section: UnsafeRawBufferPointer, layer: Int) throws(ModelError) {
    var reader = ByteReader(section, layer: layer)
    kind = try LayerHeader.choice(reader.read(UInt16.self, "kind"), "kind", layer)
    let read = try reader.read(UInt16.self, "source")
    #if SILIF_WITHOUT_BLOCKS
      let below = read
    #else
      isRecurrent = read & LayerHeader.recurrentSource != 0
      let below = read & ~LayerHeader.recurrentSource
    #endif
    guard let known = EdgeKind(rawValue: below) else {
      throw ModelError(.outOfRange, "source", value: Int64(read), layer: layer)
    }
    source = known
    delayKind = try LayerHeader.choice(reader.read(UInt16.self, "delay_kind"), "delay_kind", layer)
    weightBits = try reader.read(UInt16.self, "weight_bits", in: 4...16)
    guard weightBits == 4 || weightBits == 8 || weightBits == 16 else {
      throw ModelError(.outOfRange, "weight_bits", value: Int64(weightBits), layer: layer)
    }
    inputs = try reader.read(UInt16.self, "inputs", in: 1...LayerLimits.neurons)
    outputs = try reader.read(UInt16.self, "outputs", in: 1...LayerLimits.neurons)
    maximumDelay = try reader.read(UInt16.self, "maximum_delay", in: 0...LayerLimits.delay)
    guard delayKind != .none || maximumDelay == 0 else {
      throw ModelError(.inconsistent, "maximum_delay", value: Int64(maximumDelay), layer: layer)
    }
    stateFractionBits = try reader.read(UInt16.self, "state_fraction_bits", in: LayerLimits.stateFractionBits)
    statePairs = try reader.read(
      UInt16.self, "state_pairs", in: kind.hasStateSpaces ? 1...LayerLimits.statePairs : 0...0)
    try reader.skip(LayerHeader.bytes - reader.position, "reserved")
    if let refusal { throw ModelError(.inconsistent, refusal.field, value: Int64(refusal.value), layer: layer) }
  }

  /// The field that does not go with the others, with its value; nil where all do.
  var refusal: (field: StaticString, value: Int)? {
    if kind.isBlock && source != .stream { return ("source", Int(source.rawValue)) }
    if kind.isBlock && outputs != inputs { return ("outputs", outputs) }
    if isRecurrent && (kind.output != .spikes || source == .stream) { return ("source", Int(sourceField)) }
    if source == .stream && delayKind != .none { return ("delay_kind", Int(delayKind.rawValue)) }
    return nil
  }

  private static func choice<Choice: RawRepresentable>(
    _ raw: UInt16, _ field: StaticString, _ layer: Int
  ) throws(ModelError) -> Choice where Choice.RawValue == UInt16 {
    guard let choice = Choice(rawValue: raw) else {
      throw ModelError(.outOfRange, field, value: Int64(raw), layer: layer)
    }
    return choice
  }
}
