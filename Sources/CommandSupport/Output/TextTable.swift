/// Columns of text, each as wide as its widest cell: the first to the left, the others to the right.
package struct TextTable {
  private var rows: [[String]] = []
  private let separator: String
  private let leftColumns: Int

  /// - Parameter leftColumns: columns that stand to the left.
  package init(separator: String = "  ", leftColumns: Int = 1) {
    self.separator = separator
    self.leftColumns = leftColumns
  }

  /// Adds a row. Line breaks and other control characters in a cell are written out.
  package mutating func add(_ cells: [String]) { rows.append(cells.map { visible($0, keepsNames: true) }) }

  package var text: String {
    var widths: [Int] = []
    for row in rows {
      for (index, cell) in row.enumerated() {
        if index == widths.count { widths.append(0) }
        widths[index] = max(widths[index], cell.count)
      }
    }
    var text = ""
    for row in rows {
      var line = ""
      for (index, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        line += (index == 0 ? "" : separator) + (index < leftColumns ? cell + padding : padding + cell)
      }
      while line.last == " " { line.removeLast() }
      text += line + "\n"
    }
    return text
  }
}
