/// The coefficients of SiLIF neurons, [width] each.
struct SiLIFTables: BitwiseCopyable {
  /// al, 0...1
  let decay_q30: UnsafePointer<Int32>
  /// 1 - al, 0...1
  let inputGain_q30: UnsafePointer<Int32>
  /// 1 - be = mantissa · 2^-(30 + shift): 0...2^30 and 0...62
  let leakMantissa: UnsafePointer<Int32>
  let leakShift: UnsafePointer<UInt8>
  /// a, ±1
  let subthresholdCoupling_q30: UnsafePointer<Int32>
  /// b, ±4
  let spikeCoupling_qF: UnsafePointer<Int32>

  init(reading reader: inout TableReader) throws(ModelError) {
    let one_q30: Int64 = 1 << 30
    let four_qF: Int64 = 4 << Int64(reader.header.stateFractionBits)
    let (nothing, all) = (Int32(0), Int32(1) << 30)
    decay_q30 = try reader.neuronTable(
      Int32.self, "decay", padding: "decay padding", in: 0...one_q30, busy: BusyValues(settled: nothing, clamped: all))
    // Where the adaptation is at its limit, it must hold nobody back.
    inputGain_q30 = try reader.neuronTable(
      Int32.self, "input_gain", padding: "input_gain padding", in: 0...one_q30,
      busy: BusyValues(settled: all, clamped: nothing))
    leakMantissa = try reader.neuronTable(
      Int32.self, "adaptation_leak_mantissa", padding: "adaptation_leak_mantissa padding", in: 0...one_q30,
      busy: BusyValues(settled: nothing, clamped: nothing))
    leakShift = try reader.neuronTable(
      UInt8.self, "adaptation_leak_shift", padding: "adaptation_leak_shift padding", in: 0...62)
    subthresholdCoupling_q30 = try reader.neuronTable(
      Int32.self, "subthreshold_coupling", padding: "subthreshold_coupling padding", in: -one_q30...one_q30,
      busy: BusyValues(settled: nothing, clamped: all))
    spikeCoupling_qF = try reader.neuronTable(
      Int32.self, "spike_coupling", padding: "spike_coupling padding", in: -four_qF...four_qF,
      busy: BusyValues(settled: nothing, clamped: nothing))
  }
}
