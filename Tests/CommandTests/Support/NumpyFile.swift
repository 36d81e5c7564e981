import TestSupport

/// Makes `.npy` files as NumPy writes them.
enum NumpyFile {
  static func bytes(_ type: String, _ shape: [Int], _ data: [UInt8], fortranOrder: Bool = false, version: UInt8 = 1)
    -> [UInt8]
  {
    let lengths = shape.map { "\($0)" }.joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var text = "{'descr': '\(type)', 'fortran_order': \(fortranOrder ? "True" : "False"), 'shape': (\(lengths)), }"
    let prefix = version == 1 ? 10 : 12
    text += String(repeating: " ", count: 127 - prefix - text.utf8.count) + "\n"
    let length = text.utf8.count
    let count: [UInt8] = version == 1 ? [UInt8(length), 0] : [UInt8(length), 0, 0, 0]
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + count + Array(text.utf8) + data
  }

  static func int16(_ shape: [Int], _ values: [Int16]) -> [UInt8] { bytes("<i2", shape, TestSound.raw(values)) }

  static func int32(_ values: [Int32]) -> [UInt8] {
    bytes(
      "<i4", [values.count], values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } })
  }

  static func float32(_ shape: [Int], _ values: [Float]) -> [UInt8] {
    bytes(
      "<f4", shape, values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } })
  }
}
