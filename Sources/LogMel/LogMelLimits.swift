/// What a section may ask for. docs/FRONT-END.md, "Bounds", says what each of these keeps from overflowing.
enum LogMelLimits {
  static var bands: Int { 128 }
  /// A full-scale frame's loudest band is below 13 nats, and 13·2^11 fits Int16.
  static var outputFractionBits: Int { 11 }
  static var windowOne_q24: Int64 { 1 << 24 }
  /// For even and for odd samples. The even ones of a frame, and the odd ones, then add up to at most 127.5·2^23 in
  /// magnitude, so that the whole frame, and twice either half, stay below 2^31.
  static var windowHalfSum_q24: Int64 { 255 << 23 }
  static var melWeightOne_q15: UInt16 { 1 << 15 }
}
