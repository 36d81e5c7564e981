/// The value below which a share of the values lies, interpolated between neighbours as NumPy does.
///
/// - Parameter sorted: ascending; nil is returned for none.
package func percentile(_ share: Double, ofSorted sorted: [Double]) -> Double? {
  guard let last = sorted.last else { return nil }
  let position = share * Double(sorted.count - 1)
  let index = Int(position)
  guard index + 1 < sorted.count else { return last }
  return sorted[index] + (position - Double(index)) * (sorted[index + 1] - sorted[index])
}
