import Glibc

/// A number with so many decimals, rounded to nearest, without Foundation.
package func decimalText(_ value: Double, decimals: Int, keepsZeros: Bool = true) -> String {
  guard value.isFinite else { return value.isNaN ? "nan" : (value < 0 ? "-inf" : "inf") }
  var scale: Int64 = 1
  for _ in 0..<decimals { scale *= 10 }
  let scaled = (value.magnitude * Double(scale)).rounded()
  guard scaled < 0x1p62 else { return "\(value)" }
  let digits = Int64(scaled)
  var fraction = String(digits % scale)
  fraction = decimals == 0 ? "" : String(repeating: "0", count: decimals - fraction.count) + fraction
  if !keepsZeros { while fraction.last == "0" { fraction.removeLast() } }
  return (value < 0 && digits > 0 ? "-" : "") + String(digits / scale) + (fraction.isEmpty ? "" : "." + fraction)
}

/// A number with so many digits that count, without zeros at its end.
package func significantText(_ value: Double, digits: Int) -> String {
  guard value.isFinite, value != 0 else { return decimalText(value, decimals: 0) }
  let decimals = digits - 1 - Int(log10(value.magnitude).rounded(.down))
  return decimalText(value, decimals: min(max(decimals, 0), 15), keepsZeros: false)
}

/// A calibrated probability in whole per cent, or nothing.
package func probabilityText(_ value: Double?) -> String {
  value.map { decimalText(100 * $0, decimals: 0) + " %" } ?? ""
}

/// A part of a whole in per cent, `-` where there is no whole.
package func percentText(_ part: Int, of whole: Int) -> String {
  whole == 0 ? "-" : decimalText(100 * Double(part) / Double(whole), decimals: 1) + " %"
}
