import ArgumentParser

/// `--output`: what is written where. `text`, `json`, `word`, each with nothing after it (standard output), `:FILE` or `:unix:PATH`.
struct OutputTarget: ExpressibleByArgument, Equatable, Sendable {
  enum Format: String, CaseIterable, Sendable {
    case text, json, word
  }

  enum Destination: Equatable, Sendable {
    case standardOutput
    case file(String)
    case socket(String)
  }

  let format: Format
  let destination: Destination

  var isFile: Bool { if case .file = destination { true } else { false } }

  init(_ format: Format, _ destination: Destination = .standardOutput) {
    self.format = format
    self.destination = destination
  }

  init?(argument: String) {
    let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let format = Format(rawValue: parts[0]) else { return nil }
    guard parts.count == 2 else {
      self.init(format)
      return
    }
    let path = parts[1]
    if path.hasPrefix("unix:") {
      guard path.count > 5 else { return nil }
      self.init(format, .socket(String(path.dropFirst(5))))
    } else {
      guard !path.isEmpty else { return nil }
      self.init(format, .file(path))
    }
  }
}
