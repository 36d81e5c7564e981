/// What flows from one layer to the next. A layer says in its header what it reads; what it writes, its kind knows.
public enum EdgeKind: UInt16, Sendable, BitwiseCopyable, CaseIterable {
  /// Real values, all in every step: the network's input.
  case frames = 0
  /// Which neurons fired.
  case spikes = 1
  /// Real values to which blocks add.
  case stream = 2

  /// The rule by which layers make a chain: each reads what arrives, and the last one is a readout, whose potentials no layer
  /// could read, or fires for the classes.
  ///
  /// - Parameter below: what the layer below writes; of the first layer, what the network's input is.
  /// - Returns: the field of the header that breaks the rule, with its value; nil where none does.
  static func refusal(
    of layer: LayerHeader, below: EdgeKind?, isLast: Bool
  ) -> (field: StaticString, value: UInt16)? {
    if layer.source != below { return ("source", layer.source.rawValue) }
    if isLast ? layer.kind.output == .stream : layer.kind.output == nil { return ("kind", layer.kind.rawValue) }
    return nil
  }
}

/// An edge: what one layer reads and the one below it, or the network's input, wrote.
enum Edge: BitwiseCopyable {
  case frames(Frames)
  case spikes(Spikes)
  case stream(Stream)

  /// Back to before the first step. A stream is its writer's to reset: blocks that read it have weights that read another edge.
  @_noAllocation @_noLocks
  func reset() {
    switch self {
    case .frames(let frames): frames.reset()
    case .spikes(let spikes): spikes.reset()
    case .stream: break
    }
  }
}
