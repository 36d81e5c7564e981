/// A real transform of 512 points, computed as a complex one of 256. Complex arrays hold all real parts, then all
/// imaginary parts, so that every loop runs over neighbours.
enum FFT {
  static var size: Int { 512 }
  /// Bins 0...255; the one at half the sample rate is never used.
  static var binCount: Int { 256 }
  static var complexCount: Int { 256 }
  /// A radix-4 stage has this many butterflies.
  static var butterflyCount: Int { 64 }
}
