/// What one input number is (docs/MODEL-FORMAT.md, section NETW).
public enum InputKind: UInt16, Sendable {
  /// Plain integers, such as spike counts per bin; precomputed frames only.
  case counts = 0
  /// Log-mel frames in natural-log units with `inputFractionBits` fractional bits, made by the front end in FRNT.
  case logMel = 1
}

/// What the probabilities of a step are (docs/MODEL-FORMAT.md, section NETW).
public enum Scores: UInt16, Sendable {
  /// The softmax of the last layer's potentials.
  case potentials = 0
  /// Its spikes: 1 where the class's neuron fires, else 0.
  case spikes = 1
}

/// Section NETW: sizes and units of the whole network.
public struct NetworkHeader: Sendable {
  /// Values in one input frame, 1...4096.
  public let inputCount: Int
  /// What one of them is.
  public let inputKind: InputKind
  /// An input integer x stands for x · 2^-inputFractionBits. 0...15.
  public let inputFractionBits: Int
  /// |x| of every input value is at most this, 1...32767; inputs are saturated to it. The sums' bounds rest on it.
  public let inputLimit: Int
  /// Duration of one network step in microseconds.
  public let step_us: Int
  /// Frames in one clip of the kind the network was trained on; 0 where clips have no fixed length.
  public let clip_frames: Int
  /// Layers, the last one included, 1...16.
  public let layerCount: Int
  /// Neurons of the last layer, one per word.
  public let classCount: Int
  /// How the classes are read off them.
  public let scores: Scores

  static let bytes = 32

  @_optimize(size)
  init(section: UnsafeRawBufferPointer) throws(ModelError) {
    guard section.count == NetworkHeader.bytes else {
      throw ModelError(.inconsistent, "NETW length", value: Int64(section.count))
    }
    var reader = ByteReader(section)
    inputCount = try reader.read(UInt16.self, "input_count", in: 1...LayerLimits.neurons)
    let kind = try reader.read(UInt16.self, "input_kind")
    guard let known = InputKind(rawValue: kind) else {
      throw ModelError(.outOfRange, "input_kind", value: Int64(kind))
    }
    inputKind = known
    inputFractionBits = try reader.read(UInt16.self, "input_fraction_bits", in: 0...15)
    inputLimit = try reader.read(UInt16.self, "input_limit", in: 1...32767)
    step_us = try reader.read(UInt32.self, "step_us", in: 1...10_000_000)
    clip_frames = try reader.read(UInt32.self, "clip_frames", in: 0...100_000)
    layerCount = try reader.read(UInt16.self, "layer_count", in: 1...LayerLimits.layers)
    classCount = try reader.read(UInt16.self, "class_count", in: 1...LayerLimits.classes)
    let scores = try reader.read(UInt16.self, "scores")
    guard let reading = Scores(rawValue: scores) else { throw ModelError(.outOfRange, "scores", value: Int64(scores)) }
    self.scores = reading
  }
}
