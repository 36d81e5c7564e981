// Decoded or captured samples to Int16: rounded half up, saturated. Plain loops over pointers, which vectorise.
//
// Twins: Sources/SiLIFC/FloatSamples.swift

/// `input` at ±1 full scale. False if any value is not a number (which becomes some sample or other).
@_noAllocation @_noLocks
func convertFloat(_ input: UnsafePointer<Float>, to output: UnsafeMutablePointer<Int16>, count: Int) -> Bool {
  var notNumbers: Int32 = 0
  for at in 0..<count {
    notNumbers |= input[at] == input[at] ? 0 : 1
    let scaled = Double(input[at]) * 32_768
    let limited = scaled < -32_768 ? -32_768 : scaled > 32_767 ? 32_767 : scaled
    // limited + 32768 + 1/2, moved to 65536..<131072, where a Double's last place is 2^-36: no Float near a half is finer, so
    // the sum is exact where it matters, and its upper bits are the floor. (Conversion instructions would be checked.)
    let bits = (limited + (65_536 + 32_768.5)).bitPattern >> 36
    output[at] = Int16(truncatingIfNeeded: bits ^ 0x8000)
  }
  return notNumbers == 0
}

/// 32-bit samples, full scale 2^31.
@_noAllocation @_noLocks
func convertInt32(_ input: UnsafePointer<Int32>, to output: UnsafeMutablePointer<Int16>, count: Int) {
  for at in 0..<count { output[at] = sample(top32: Int32(littleEndian: input[at])) }
}

/// 24-bit samples in the low bits of 32; the upper 8 bits are ignored.
@_noAllocation @_noLocks
func convertInt24In32(_ input: UnsafePointer<Int32>, to output: UnsafeMutablePointer<Int16>, count: Int) {
  for at in 0..<count { output[at] = sample(top32: Int32(littleEndian: input[at]) &<< 8) }
}

/// 24-bit samples in 3 bytes, little-endian.
@_noAllocation @_noLocks
func convertInt24In3(_ input: UnsafePointer<UInt8>, to output: UnsafeMutablePointer<Int16>, count: Int) {
  for at in 0..<count {
    let bits = UInt32(input[3 * at]) << 8 | UInt32(input[3 * at + 1]) << 16 | UInt32(input[3 * at + 2]) << 24
    output[at] = sample(top32: Int32(bitPattern: bits))
  }
}

@_noAllocation @_noLocks
func convertInt16LittleEndian(_ input: UnsafePointer<Int16>, to output: UnsafeMutablePointer<Int16>, count: Int) {
  for at in 0..<count { output[at] = Int16(littleEndian: input[at]) }
}

@_noAllocation @_noLocks
func convertInt16BigEndian(_ input: UnsafePointer<Int16>, to output: UnsafeMutablePointer<Int16>, count: Int) {
  for at in 0..<count { output[at] = Int16(bigEndian: input[at]) }
}

/// 8-bit samples with silence at 128.
@_noAllocation @_noLocks
func convertUInt8(_ input: UnsafePointer<UInt8>, to output: UnsafeMutablePointer<Int16>, count: Int) {
  for at in 0..<count { output[at] = (Int16(input[at]) - 128) * 256 }
}

/// The upper half of a 32-bit sample, rounded half up; only the topmost values need saturation.
@inline(__always)
private func sample(top32 value: Int32) -> Int16 {
  Int16(truncatingIfNeeded: (min(value >> 15, 65_534) &+ 1) >> 1)
}
