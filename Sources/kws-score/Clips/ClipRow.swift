import CommandSupport
import FileNames
import SpotterHost

/// One clip's result as a line of CSV or JSON, with all probabilities. Each begins with path and model, by which `--resume` knows it.
///
/// Twins: docs/COMMANDS.md
struct ClipRow: Sendable {
  let words: [String]
  let model: String
  let format: Format

  /// - Parameter format: csv or jsonl.
  init(file: ModelFile, format: Format) {
    words = file.model.words.strings
    model = pathComponents(file.path).last ?? ""
    self.format = format
  }

  /// The first line of CSV; nothing for JSON.
  var header: String {
    guard format == .csv else { return "" }
    let columns =
      ["path", "model", "label", "word", "score", "probability", "steps", "spikes"] + words.map { "p_\($0)" } + [
        "error"
      ]
    return columns.map(quoted).joined(separator: ",") + "\n"
  }

  /// What the row of this clip begins with.
  func beginning(_ path: String) -> String {
    if format == .csv { return "\(quoted(path)),\(quoted(model))," }
    let object = JSONValue.object([("path", .string(path)), ("model", .string(model))]).text
    return object.dropLast() + ","
  }

  /// - Parameters:
  ///   - label: class that the clip is known to hold.
  ///   - outcome: scored or failed.
  /// - Returns: the row with its line end.
  func text(_ path: String, label: Int?, _ outcome: BatchRun.Outcome) -> String {
    format == .csv ? beginning(path) + csv(label, outcome) + "\n" : beginning(path) + jsonl(label, outcome) + "\n"
  }

  /// Whether a row that `text` made, without its line end, is of a clip that could not be scored.
  func tellsFailure(_ row: [UInt8]) -> Bool {
    // The error comes last, and within a string of JSON a quotation mark has a backslash before it.
    format == .csv ? row.last != UInt8(ascii: ",") : row.firstRange(of: Array(#","error":""#.utf8)) != nil
  }

  private func csv(_ label: Int?, _ outcome: BatchRun.Outcome) -> String {
    var fields = [label.map { words[$0] } ?? ""]
    switch outcome {
    case .scored(let outcome):
      let score = outcome.score
      fields += [words[score.winner], decimalText(score.confidence, decimals: 4, keepsZeros: false)]
      fields += [score.probability.map { decimalText($0, decimals: 4, keepsZeros: false) } ?? ""]
      fields += ["\(score.frames)", "\(score.spikes)"]
      fields += score.scores.map { decimalText($0, decimals: 9, keepsZeros: false) } + [""]
    case .failed(let failure):
      fields += [String](repeating: "", count: 5 + words.count) + [oneLine(failure.message)]
    case .skipped: break
    }
    return fields.map(quoted).joined(separator: ",")
  }

  private func jsonl(_ label: Int?, _ outcome: BatchRun.Outcome) -> String {
    var pairs: [(key: String, value: JSONValue)] = [("label", label.map { .string(words[$0]) } ?? .null)]
    switch outcome {
    case .scored(let outcome):
      let score = outcome.score
      pairs += [
        ("word", .string(words[score.winner])), ("score", .decimal(score.confidence, decimals: 4)),
        ("probability", .probability(score.probability)), ("steps", .integer(score.frames)),
        ("spikes", .integer(Int64(score.spikes))),
        (
          "probabilities",
          .object(words.indices.map { (words[$0], .decimal(score.scores[$0], decimals: 9)) })
        ),
      ]
    case .failed(let failure): pairs.append(("error", .string(oneLine(failure.message))))
    case .skipped: break
    }
    return String(JSONValue.object(pairs).text.dropFirst())
  }

  /// A row is searched for its line end when it is resumed.
  private func oneLine(_ message: String) -> String {
    String(message.map { $0.isNewline ? " " : $0 })
  }

  private func quoted(_ field: String) -> String {
    guard field.unicodeScalars.contains(where: { "\",\r\n".unicodeScalars.contains($0) }) else { return field }
    var text = String.UnicodeScalarView("\"".unicodeScalars)
    // Not by characters: a quote with an accent on it is another one.
    for scalar in field.unicodeScalars { text.append(contentsOf: scalar == "\"" ? ["\"", "\""] : [scalar]) }
    return String(text) + "\""
  }
}
