import ArgumentParser

/// `--format`.
package enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
  case text, json
}
