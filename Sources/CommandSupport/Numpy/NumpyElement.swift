/// The element types that are read; little-endian, or of one byte.
public enum NumpyElement: String, Sendable, CaseIterable {
  case int8 = "i1"
  case uint8 = "u1"
  case int16 = "i2"
  case uint16 = "u2"
  case int32 = "i4"
  case uint32 = "u4"
  case int64 = "i8"
  case uint64 = "u8"
  case float32 = "f4"
  case float64 = "f8"

  public var byteCount: Int { Int(rawValue.utf8.last! - UInt8(ascii: "0")) }

  /// As NumPy calls it: int16.
  public var name: String { "\(self)" }
}
