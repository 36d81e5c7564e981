/// FNV-1a, 64 bits: the digest of a self-test. It is not a secure hash; it tells two integer traces apart.
public struct FNV1a: Equatable, Sendable {
  /// Of all bytes so far.
  public private(set) var value: UInt64

  /// Of no bytes yet.
  public init() { value = 0xCBF2_9CE4_8422_2325 }

  /// Goes on from the value of another digest.
  public init(continuing value: UInt64) { self.value = value }

  /// Adds a byte.
  @_noAllocation @_noLocks
  public mutating func update(byte: UInt8) {
    value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
  }

  /// Adds two bytes, the low one first.
  @_noAllocation @_noLocks
  public mutating func update(_ word: UInt16) {
    update(byte: UInt8(truncatingIfNeeded: word))
    update(byte: UInt8(truncatingIfNeeded: word &>> 8))
  }

  /// Adds four bytes, the lowest first.
  @_noAllocation @_noLocks
  public mutating func update(_ word: Int32) {
    update(UInt16(truncatingIfNeeded: word))
    update(UInt16(truncatingIfNeeded: word &>> 16))
  }
}
