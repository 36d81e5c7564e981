/// Sums behind 4-bit weights (NibbleRow).
enum NibbleRows {
  /// Rows that an Int16 tile takes before it must be flushed: 4095 · 8 = 32,760 <= Int16.max, whatever the weights.
  static var rowsPerTile: Int { @_noAllocation @_noLocks @inline(__always) get { 4095 } }

  /// Adds one row for every presynaptic neuron that fired. Arguments as of `SpikeInput.accumulate`; `sums` is added to.
  @_noAllocation @_noLocks
  static func accumulate(
    active: UnsafePointer<UInt16>, count: Int, weights: Weights,
    tile: UnsafeMutablePointer<Int16>, into sums: UnsafeMutablePointer<Int32>
  ) {
    let rows = NibbleRow(0, of: weights)
    let width = weights.width
    var start = 0
    while start < count {
      let end = count &- start < rowsPerTile ? count : start &+ rowsPerTile
      sumTile(rows.bytes, active, start, end, rows.half, tile)
      for output in 0..<width { sums[output] &+= Int32(tile[output]) }
      start = end
    }
  }

  /// Adds one row times its value for every listed input of a frame; `sums` is added to.
  ///
  /// - Parameters:
  ///   - values: [count], the values of the listed inputs.
  ///   - inputs: [count], their indices, each < weights.inputs.
  @_noAllocation @_noLocks
  static func accumulate(
    values: UnsafePointer<Int16>, inputs: UnsafePointer<UInt16>, count: Int, weights: Weights,
    into sums: UnsafeMutablePointer<Int32>
  ) {
    for position in 0..<count {
      let row = NibbleRow(Int(inputs[position]), of: weights)
      let value = Int32(values[position])
      let upper = sums + row.half
      for index in 0..<row.half {
        let byte = row.bytes[index]
        sums[index] &+= value &* Int32(NibbleRow.low(byte))
        upper[index] &+= value &* Int32(NibbleRow.high(byte))
      }
    }
  }

  /// Four rows at a time: one load and one store of the tile serve four rows, and the loop vectorises. Four nibbles of
  /// one kind add up within Int8.
  @inline(__always)
  private static func sumTile(
    _ weights: UnsafePointer<Int8>, _ active: UnsafePointer<UInt16>, _ start: Int, _ end: Int, _ half: Int,
    _ tile: UnsafeMutablePointer<Int16>
  ) {
    let upper = tile + half
    for index in 0..<2 &* half { tile[index] = 0 }
    var position = start
    while position &+ 4 <= end {
      let row0 = weights + Int(active[position]) &* half
      let row1 = weights + Int(active[position &+ 1]) &* half
      let row2 = weights + Int(active[position &+ 2]) &* half
      let row3 = weights + Int(active[position &+ 3]) &* half
      for index in 0..<half {
        let (byte0, byte1, byte2, byte3) = (row0[index], row1[index], row2[index], row3[index])
        let low01 = NibbleRow.low(byte0) &+ NibbleRow.low(byte1)
        let low23 = NibbleRow.low(byte2) &+ NibbleRow.low(byte3)
        let high01 = NibbleRow.high(byte0) &+ NibbleRow.high(byte1)
        let high23 = NibbleRow.high(byte2) &+ NibbleRow.high(byte3)
        tile[index] &+= Int16(low01 &+ low23)
        upper[index] &+= Int16(high01 &+ high23)
      }
      position &+= 4
    }
    while position < end {
      let row = weights + Int(active[position]) &* half
      for index in 0..<half {
        tile[index] &+= Int16(NibbleRow.low(row[index]))
        upper[index] &+= Int16(NibbleRow.high(row[index]))
      }
      position &+= 1
    }
  }
}
