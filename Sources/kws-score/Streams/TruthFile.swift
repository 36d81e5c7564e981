import CommandSupport

/// The truth about a stream: CSV with the header `start_s,end_s,word`, or a label track as Audacity exports it: start, end and word with
/// tabs between. The header alone is an empty truth.
enum TruthFile {
  static let header = "start_s,end_s,word"

  /// - Returns: the words in the order of their starts.
  static func read(_ path: String) throws(Failure) -> [TruthWord] {
    do {
      return try parse(try textFile(path, wanted: "--truth wants lines of \(header), in UTF-8"))
    } catch {
      throw Failure(error.message.hasPrefix(path) ? error.message : "\(path): \(error.message)")
    }
  }

  /// - Throws: Failure with the line's number, without the file's name.
  static func parse(_ text: String) throws(Failure) -> [TruthWord] {
    var words: [TruthWord] = []
    var hasHeader = false
    var isLabelTrack = false
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let line = trimmed(line)
      if line.isEmpty { continue }
      // A line of frequencies, of a label with a spectral selection.
      if isLabelTrack && line.hasPrefix("\\") { continue }
      if !hasHeader && isLabel(line) { (isLabelTrack, hasHeader) = (true, true) }
      if !hasHeader {
        guard parts(of: line, ",").joined(separator: ",") == header else {
          throw Failure("line \(index + 1): the header must be '\(header)', found '\(line)'")
        }
        hasHeader = true
        continue
      }
      words.append(try word(line, separator: isLabelTrack ? "\t" : ",", number: index + 1))
    }
    guard hasHeader else { throw Failure("the file is empty; its first line must be '\(header)'") }
    return words.enumerated()
      .sorted { ($0.element.start_s, $0.offset) < ($1.element.start_s, $1.offset) }
      .map { $0.element }
  }

  private static func isLabel(_ line: String) -> Bool {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
    return fields.count >= 2 && fields[..<2].allSatisfy { Double(trimmed($0)) != nil }
  }

  /// In CSV some may stand in quotes.
  private static func parts(of line: String, _ separator: Character) -> [String] {
    line.split(separator: separator, omittingEmptySubsequences: false).map {
      let field = trimmed($0)
      guard separator == ",", field.count > 1, field.first == "\"", field.last == "\"" else { return field }
      return String(field.dropFirst().dropLast()).replacing("\"\"", with: "\"")
    }
  }

  private static func word(_ line: String, separator: Character, number: Int) throws(Failure) -> TruthWord {
    let fields = parts(of: line, separator)
    guard fields.count == 3 else {
      throw Failure("line \(number): \(fields.count) fields; 3 are wanted: start_s, end_s, word")
    }
    guard let start = Double(fields[0]), let end = Double(fields[1]), start.isFinite, end.isFinite else {
      throw Failure("line \(number): '\(fields[0])' and '\(fields[1])' must be numbers of seconds")
    }
    guard start >= 0 else { throw Failure("line \(number): the word starts (\(fields[0]) s) before the sound does") }
    guard end >= start else {
      throw Failure("line \(number): the word ends (\(fields[1]) s) before it starts (\(fields[0]) s)")
    }
    guard !fields[2].isEmpty else { throw Failure("line \(number): the word is missing") }
    return TruthWord(start_s: start, end_s: end, word: fields[2])
  }
}

/// A word in a stream and when it was said.
struct TruthWord: Equatable, Sendable {
  let start_s: Double
  let end_s: Double
  let word: String

  init(start_s: Double, end_s: Double, word: String) {
    self.start_s = start_s
    self.end_s = end_s
    self.word = word
  }
}
