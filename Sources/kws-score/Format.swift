import ArgumentParser

/// `--format`.
enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
  case text, json, csv, jsonl

  /// A row for each clip, as it goes, instead of a report.
  var isRows: Bool { self == .csv || self == .jsonl }
}
