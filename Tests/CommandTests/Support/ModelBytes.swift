import SiLIF
import TestSupport

/// Valid model files with something changed.
enum ModelBytes {
  /// The digest that the self-test expects is another one.
  static func withChangedDigest(_ path: String) throws -> [UInt8] {
    var bytes = try TemporaryFolder.bytes(path)
    func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
    let count = Int(bytes[10]) | Int(bytes[11]) << 8
    for entry in (0..<count).map({ 32 + 16 * $0 }) where Array(bytes[entry..<entry + 4]) == Array("TEST".utf8) {
      bytes[word(entry + 4) + 8] ^= 1
    }
    var checksum = CRC32()
    bytes.withUnsafeBytes {
      checksum.update(UnsafeRawBufferPointer(rebasing: $0[..<16]))
      checksum.update(UnsafeRawBufferPointer(rebasing: $0[20...]))
    }
    for index in 0..<4 { bytes[16 + index] = UInt8(truncatingIfNeeded: checksum.value >> UInt32(8 * index)) }
    return bytes
  }
}
