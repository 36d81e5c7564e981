/// A line on standard error that is written over and over, where a person watches; silent elsewhere.
public struct Progress: Sendable {
  private let isShown: Bool

  public init() { isShown = Diagnostics.isTerminal }

  public func show(_ text: String) {
    if isShown { Diagnostics.write("\r\u{1B}[K\(text)") }
  }

  public func clear() {
    if isShown { Diagnostics.write("\r\u{1B}[K") }
  }
}
