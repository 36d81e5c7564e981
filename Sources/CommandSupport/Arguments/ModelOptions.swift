import ArgumentParser
import SpotterHost

/// `--model`.
package struct ModelOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: .init(
      "Model file, or the name of an installed one, such as kws12-csilif (default: "
        + "\(ModelLocation.defaultName)).",
      valueName: "model"))
  package var model: String?

  package init() {}

  /// - Throws: Failure, saying where it was looked for or what is wrong with the file.
  package func load() throws -> ModelFile {
    try ModelLocation.load(model ?? ModelLocation.defaultName)
  }
}

extension ModelFile {
  /// The model with another seed for what its layers draw.
  ///
  /// - Parameter seed: nil for the model's own.
  /// - Throws: ValidationError where a seed is given and nothing is drawn.
  package func drawing(with seed: UInt64?) throws -> ModelFile {
    guard let seed else { return self }
    guard let sampling = model.sampling, sampling.draws else {
      throw ValidationError("--seed: nothing in \(path) is drawn; leave it out.")
    }
    return drawing(seed: seed)
  }
}
