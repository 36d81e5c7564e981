/// Sums of 8-bit rows where a word of 32 bits is the widest register: a word holds four weights, and two words hold their sums.
///
/// With its top bit turned a weight is 128 more than it is, and so never negative: no sum carries into its neighbour, until 257
/// rows are added. Sixteen outputs at a time, whose sums stay in eight registers whatever the number of rows.
enum WordRows {
  /// Whether they are faster here than `SpikeInput`'s own loop, which vector units run.
  static var areUsed: Bool {
    @_noAllocation @_noLocks @inline(__always) get {
      #if _pointerBitWidth(_32)
        return true
      #else
        return false
      #endif
    }
  }

  /// Rows that 16 bits take: 257 · 255 = 65,535.
  static var rowsPerTile: Int { @_noAllocation @_noLocks @inline(__always) get { 257 } }

  /// - Parameters:
  ///   - weights: [inputs][width], aligned to 4.
  ///   - active: [count], the rows to add.
  ///   - width: a multiple of 16.
  ///   - sums: receives the sums, [width].
  @_noAllocation @_noLocks
  static func accumulate(
    _ weights: UnsafePointer<Int8>, active: UnsafePointer<UInt16>, count: Int, width: Int,
    into sums: UnsafeMutablePointer<Int32>
  ) {
    let rows = UnsafeRawPointer(weights)
    var output = 0
    while output < width {
      let sums = sums + output
      for index in 0..<16 { sums[index] = 0 }
      var start = 0
      while start < count {
        let end = count &- start < rowsPerTile ? count : start &+ rowsPerTile
        var (even0, even1, even2, even3): (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
        var (odd0, odd1, odd2, odd3): (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
        for position in start..<end {
          let row = (rows + Int(active[position]) &* width + output).assumingMemoryBound(to: UInt32.self)
          let (word0, word1, word2, word3) = (raised(row[0]), raised(row[1]), raised(row[2]), raised(row[3]))
          even0 &+= word0 & bytes
          odd0 &+= (word0 &>> 8) & bytes
          even1 &+= word1 & bytes
          odd1 &+= (word1 &>> 8) & bytes
          even2 &+= word2 & bytes
          odd2 &+= (word2 &>> 8) & bytes
          even3 &+= word3 & bytes
          odd3 &+= (word3 &>> 8) & bytes
        }
        let raise = 128 &* Int32(truncatingIfNeeded: end &- start)
        add(even0, odd0, less: raise, to: sums)
        add(even1, odd1, less: raise, to: sums + 4)
        add(even2, odd2, less: raise, to: sums + 8)
        add(even3, odd3, less: raise, to: sums + 12)
        start = end
      }
      output &+= 16
    }
  }

  /// The first and third of four bytes.
  private static var bytes: UInt32 { @_noAllocation @_noLocks @inline(__always) get { 0x00FF_00FF } }

  @_noAllocation @_noLocks @inline(__always)
  private static func raised(_ word: UInt32) -> UInt32 { UInt32(littleEndian: word) ^ 0x8080_8080 }

  /// Adds four sums out of two words.
  @_noAllocation @_noLocks @inline(__always)
  private static func add(_ even: UInt32, _ odd: UInt32, less raise: Int32, to sums: UnsafeMutablePointer<Int32>) {
    sums[0] &+= Int32(bitPattern: even & 0xFFFF) &- raise
    sums[1] &+= Int32(bitPattern: odd & 0xFFFF) &- raise
    sums[2] &+= Int32(bitPattern: even &>> 16) &- raise
    sums[3] &+= Int32(bitPattern: odd &>> 16) &- raise
  }
}
