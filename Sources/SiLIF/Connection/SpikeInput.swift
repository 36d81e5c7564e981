/// Sums of a spike-driven layer: one weight row for every presynaptic neuron that fired.
///
/// Twins: Sources/CKernels/{plain,avx2,neon,dsp}.c
enum SpikeInput {
  /// Rows that an Int16 tile takes before it must be flushed: 255 · 128 = 32,640 <= Int16.max, whatever the weights.
  static var rowsPerTile: Int { @_noAllocation @_noLocks @inline(__always) get { 255 } }

  /// - Parameters:
  ///   - active: indices of the presynaptic neurons that fired, each < weights.inputs.
  ///   - tile: scratch, [weights.width].
  ///   - sums: receives the exact sums, [weights.width].
  @_noAllocation @_noLocks
  static func accumulate(
    active: UnsafePointer<UInt16>, count: Int, weights: Weights,
    tile: UnsafeMutablePointer<Int16>, into sums: UnsafeMutablePointer<Int32>
  ) {
    let width = weights.width
    if weights.bits == 8 && WordRows.areUsed {
      WordRows.accumulate(
        weights.rows.assumingMemoryBound(to: Int8.self), active: active, count: count, width: width, into: sums)
      return
    }
    DenseInput.clear(sums, width)
    if weights.bits == 8 {
      let weights = weights.rows.assumingMemoryBound(to: Int8.self)
      var start = 0
      while start < count {
        let end = count &- start < rowsPerTile ? count : start &+ rowsPerTile
        sumTile(weights, active, start, end, width, tile)
        flush(tile, width, sums)
        start = end
      }
    } else if weights.bits == 4 {
      NibbleRows.accumulate(active: active, count: count, weights: weights, tile: tile, into: sums)
    } else {
      let weights = weights.rows.assumingMemoryBound(to: Int16.self)
      for position in 0..<count {
        let row = weights + Int(active[position]) &* width
        for output in 0..<width { sums[output] &+= Int32(row[output]) }
      }
    }
  }

  @inline(__always)
  private static func flush(_ tile: UnsafePointer<Int16>, _ width: Int, _ sums: UnsafeMutablePointer<Int32>) {
    var output = 0
    while output < width {
      sums[output] &+= Int32(tile[output])
      output &+= 1
    }
  }

  /// Four rows at a time: one load and one store of the tile serve four rows, and the loop vectorises.
  @inline(__always)
  private static func sumTile(
    _ weights: UnsafePointer<Int8>, _ active: UnsafePointer<UInt16>, _ start: Int, _ end: Int, _ width: Int,
    _ tile: UnsafeMutablePointer<Int16>
  ) {
    for output in 0..<width { tile[output] = 0 }
    var position = start
    while position &+ 4 <= end {
      let row0 = weights + Int(active[position]) &* width
      let row1 = weights + Int(active[position &+ 1]) &* width
      let row2 = weights + Int(active[position &+ 2]) &* width
      let row3 = weights + Int(active[position &+ 3]) &* width
      for output in 0..<width {
        let pair0 = Int16(row0[output]) &+ Int16(row1[output])
        let pair1 = Int16(row2[output]) &+ Int16(row3[output])
        tile[output] &+= pair0 &+ pair1
      }
      position &+= 4
    }
    while position < end {
      let row = weights + Int(active[position]) &* width
      for output in 0..<width { tile[output] &+= Int16(row[output]) }
      position &+= 1
    }
  }
}
