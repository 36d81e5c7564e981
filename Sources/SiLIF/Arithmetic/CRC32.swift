/// CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320): the checksum of a model file. It detects every single-bit
/// error and every burst up to 32 bits.
///
/// Bitwise, not by table: it runs once at load over at most a few hundred kilobytes, and needs no table in RAM.
public struct CRC32 {
  private var state: UInt32 = 0xFFFF_FFFF

  /// Of no bytes yet.
  public init() {}

  /// Adds bytes behind those before.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var crc = state
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = (crc &>> 1) ^ (0xEDB8_8320 & (0 &- (crc & 1))) }
    }
    state = crc
  }

  /// Of all bytes so far.
  public var value: UInt32 { ~state }
}
