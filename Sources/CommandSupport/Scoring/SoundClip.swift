/// One clip to score.
public struct SoundClip: Equatable, Sendable {
  public let path: String
  /// Class that it is known to hold, nil where that is not known.
  public let label: Int?

  public init(path: String, label: Int?) {
    self.path = path
    self.label = label
  }
}
