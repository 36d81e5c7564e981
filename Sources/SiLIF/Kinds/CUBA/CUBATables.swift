/// The coefficients of CUBA-LIF neurons, [width] each.
struct CUBATables: BitwiseCopyable {
  /// al, 0...1
  let decay_q30: UnsafePointer<Int32>
  /// be, 0...1
  let synapseDecay_q30: UnsafePointer<Int32>
  /// d, al of the step after a spike, 0...1
  let spikeDecay_q30: UnsafePointer<Int32>
  /// o, added in the step after a spike, ±2^29
  let spikeOffset_qF: UnsafePointer<Int32>
  /// k, 1 where the membrane takes the synapse in the step after a spike, else 0
  let inputAfterSpike: UnsafePointer<UInt8>
  /// ±(2^30 - 1)
  let threshold_qF: UnsafePointer<Int32>
  /// c
  let membraneBias_qF8: UnsafePointer<Int32>

  init(reading reader: inout TableReader) throws(ModelError) {
    let one_q30: Int64 = 1 << 30
    let (nothing, all) = (Int32(0), Int32(1) << 30)
    let forgets = BusyValues(settled: nothing, clamped: all)
    let zero = BusyValues(settled: nothing, clamped: nothing)
    decay_q30 = try reader.neuronTable(
      Int32.self, "decay", padding: "decay padding", in: 0...one_q30, busy: forgets)
    synapseDecay_q30 = try reader.neuronTable(
      Int32.self, "synapse_decay", padding: "synapse_decay padding", in: 0...one_q30, busy: forgets)
    spikeDecay_q30 = try reader.neuronTable(
      Int32.self, "spike_decay", padding: "spike_decay padding", in: 0...one_q30, busy: forgets)
    spikeOffset_qF = try reader.neuronTable(
      Int32.self, "spike_offset", padding: "spike_offset padding", in: -one_q30 / 2...one_q30 / 2, busy: zero)
    inputAfterSpike = try reader.neuronTable(
      UInt8.self, "input_after_spike", padding: "input_after_spike padding", in: 0...1,
      busy: BusyValues(settled: 1, clamped: 1))
    threshold_qF = try reader.neuronTable(
      Int32.self, "threshold", padding: "threshold padding", in: 1 - one_q30...one_q30 - 1, busy: zero)
    membraneBias_qF8 = try reader.neuronTable(
      Int32.self, "membrane_bias", padding: "membrane_bias padding", in: -Int64(Int32.max)...Int64(Int32.max),
      busy: zero)
  }
}
