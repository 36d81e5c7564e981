/// CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320): the checksum of a model file. It detects every single-bit
/// error and every burst up to 32 bits.
///
/// By half a byte at a time, with a table of sixteen words on the stack: a quarter of what bit by bit takes. A table for whole
/// bytes would be a kilobyte, which a microcontroller has better uses for.
public struct CRC32 {
  private var state: UInt32 = 0xFFFF_FFFF

  /// Of no bytes yet.
  public init() {}

  /// Adds bytes behind those before.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    var crc = state
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { table in
      for index in 0..<16 {
        var entry = UInt32(truncatingIfNeeded: index)
        for _ in 0..<4 { entry = (entry &>> 1) ^ (0xEDB8_8320 & (0 &- (entry & 1))) }
        table[index] = entry
      }
      let table = UnsafePointer(table.baseAddress.unsafelyUnwrapped)
      for offset in 0..<bytes.count {
        crc ^= UInt32(start.load(fromByteOffset: offset, as: UInt8.self))
        crc = (crc &>> 4) ^ table[Int(truncatingIfNeeded: crc & 15)]
        crc = (crc &>> 4) ^ table[Int(truncatingIfNeeded: crc & 15)]
      }
    }
    state = crc
  }

  /// Of all bytes so far.
  public var value: UInt32 { ~state }
}
