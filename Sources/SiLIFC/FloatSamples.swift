import CSiLIF
import FixedPoint

// Floats become integers by their bits, without floating point: the same on cores that have none. All are looked at before the
// first is written, so what is refused has changed nothing.
//
// Twins: Sources/AudioInput/Conditioning/SampleConversion.swift

/// `silif_int16_from_float` of silif.h, which says what it takes and gives.
@_cdecl("silif_int16_from_float")
public func int16FromFloat(
  _ samples: UnsafePointer<Float>?, _ count: Int, _ target: UnsafeMutablePointer<Int16>?
) -> Int32 {
  checked(samples, count, target) { convert($0, to: $1, count: count) }
}

/// `silif_int16_from_double` of silif.h, which says what it takes and gives.
@_cdecl("silif_int16_from_double")
public func int16FromDouble(
  _ samples: UnsafePointer<Double>?, _ count: Int, _ target: UnsafeMutablePointer<Int16>?
) -> Int32 {
  checked(samples, count, target) { convert($0, to: $1, count: count) }
}

/// Checks the arguments and gives them to `convert`, which says whether it took the samples.
@inline(__always)
private func checked<Sample>(
  _ samples: UnsafePointer<Sample>?, _ count: Int, _ target: UnsafeMutablePointer<Int16>?,
  _ convert: (UnsafePointer<Sample>, UnsafeMutablePointer<Int16>) -> Bool
) -> Int32 {
  if count == 0 { return Int32(SILIF_OK) }
  guard let samples, let target, count > 0 else { return Int32(SILIF_ERROR_ARGUMENT) }
  return Int32(convert(samples, target) ? SILIF_OK : SILIF_ERROR_ARGUMENT)
}

/// - Returns: false, and nothing is written, where one is not finite.
@_noAllocation @_noLocks
private func convert(_ samples: UnsafePointer<Float>, to target: UnsafeMutablePointer<Int16>, count: Int) -> Bool {
  var largest: UInt32 = 0
  for at in 0..<count { largest = max(largest, samples[at].bitPattern & 0x7FFF_FFFF) }
  guard largest < Float.infinity.bitPattern else { return false }
  for at in 0..<count {
    let bits = Int32(bitPattern: samples[at].bitPattern)
    // sample · 2^15 = ±significand · 2^-shift. From a shift of 25 on that rounds to 0, as all subnormals do.
    let exponent = bits &>> 23 & 0xFF
    let magnitude = bits & 0x7F_FFFF | 0x80_0000
    let rounded = roundedShift(bits < 0 ? 0 &- magnitude : magnitude, rightBy: min(max(135 &- exponent, 0), 25))
    let limited = exponent >= 127 ? (bits < 0 ? -32768 : 32767) : min(rounded, 32767)
    target[at] = Int16(truncatingIfNeeded: limited)
  }
  return true
}

/// The same in 64 bits.
@_noAllocation @_noLocks
private func convert(_ samples: UnsafePointer<Double>, to target: UnsafeMutablePointer<Int16>, count: Int) -> Bool {
  var largest: UInt64 = 0
  for at in 0..<count { largest = max(largest, samples[at].bitPattern & 0x7FFF_FFFF_FFFF_FFFF) }
  guard largest < Double.infinity.bitPattern else { return false }
  for at in 0..<count {
    let bits = Int64(bitPattern: samples[at].bitPattern)
    let exponent = bits &>> 52 & 0x7FF
    let magnitude = bits & 0xF_FFFF_FFFF_FFFF | 0x10_0000_0000_0000
    let rounded = roundedShift(bits < 0 ? 0 &- magnitude : magnitude, rightBy: min(max(1060 &- exponent, 0), 54))
    let limited = exponent >= 1023 ? (bits < 0 ? -32768 : 32767) : min(rounded, 32767)
    target[at] = Int16(truncatingIfNeeded: limited)
  }
  return true
}
