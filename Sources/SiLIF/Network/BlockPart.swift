/// The parts of a block's step, in the order of computation.
public enum BlockPart: Sendable, BitwiseCopyable, CaseIterable {
  /// The stream, normalised, or of P-SpikeSSM the spikes that are drawn of it.
  case take
  /// The state spaces.
  case turn
  /// The spikes: by a threshold, or drawn.
  case fire
  /// Weights, gates, and the sum with the stream.
  case mix
}
