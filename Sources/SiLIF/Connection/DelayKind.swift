/// Where a learned delay sits (docs/NEURONS.md).
public enum DelayKind: UInt16, Sendable, BitwiseCopyable, CaseIterable {
  /// Every input arrives in its own step.
  case none = 0
  /// One delay for each input.
  case axonal = 1
  /// One delay for each neuron.
  case dendritic = 2
  /// One delay for each weight.
  case synaptic = 3

  /// As the papers call it.
  public var name: String {
    switch self {
    case .none: "none"
    case .axonal: "axonal"
    case .dendritic: "dendritic"
    case .synaptic: "synaptic"
    }
  }
}
