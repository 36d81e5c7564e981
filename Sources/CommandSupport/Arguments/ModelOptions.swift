import ArgumentParser
import KeywordSpotter

/// `--model`.
public struct ModelOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: .init(
      "Model file, or the name of one that is installed, such as kws12-csilif (default: \(ModelLocation.defaultName)).",
      valueName: "model"))
  public var model: String?

  public init() {}

  /// - Throws: Failure, saying where it was looked for or what is wrong with the file.
  public func load() throws -> ModelFile { try ModelLocation.load(model ?? ModelLocation.defaultName) }
}
