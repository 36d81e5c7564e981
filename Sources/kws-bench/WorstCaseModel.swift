import CommandSupport
import SiLIF
import SpotterHost

/// A copy of a model whose every neuron fires in every step: same sizes, delays and weights, so that a step does all the
/// work that a step of the model can do; but no current except a bias above the threshold.
///
/// Either nothing is remembered, or every state runs into its limit and is clamped there in every step: which of the two
/// takes longer depends on the kernels.
///
/// It rewrites tables of the LAYR sections as docs/MODEL-FORMAT.md lays them out, and makes the checksum anew.
/// tools/scripts/worst_case_model.py writes such a copy to a file, for firmware.
struct WorstCaseModel {
  let model: Model
  /// After so many steps every delayed spike arrives too (delays are at most 255 steps), and every state is at its limit.
  /// The last one there is u with 22 fractional bits, which grows by 1 a step to 2^8.
  static let warmUp_steps = 512
  /// Keeps the model's bytes.
  private let memory: AlignedMemory

  /// nil where the copy is refused, or a neuron cannot be made to fire (more than 22 fractional bits).
  init?(of original: Model, clamps: Bool) {
    memory = AlignedMemory(byteCount: original.bytes.count)
    let bytes = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<original.bytes.count])
    bytes.copyMemory(from: original.bytes)
    let sections = Int(bytes.loadUnaligned(fromByteOffset: 10, as: UInt16.self))
    var layer = 0
    for index in 0..<sections {
      let entry = 32 + 16 * index
      guard bytes.loadUnaligned(fromByteOffset: entry, as: UInt32.self) == 0x5259_414C else { continue }  // LAYR
      let parameters = original.layer(layer)
      guard parameters.stateFractionBits <= 22 else { return nil }
      WorstCaseModel.rewrite(
        bytes, at: Int(bytes.loadUnaligned(fromByteOffset: entry + 4, as: UInt32.self)), parameters, clamps)
      layer += 1
    }
    var checksum = CRC32()
    checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<16]))
    checksum.update(UnsafeRawBufferPointer(rebasing: bytes[20...]))
    bytes.storeBytes(of: checksum.value.littleEndian, toByteOffset: 16, as: UInt32.self)
    guard let model = try? Model(bytes: UnsafeRawBufferPointer(bytes)) else { return nil }
    self.model = model
  }

  private static func rewrite(
    _ bytes: UnsafeMutableRawBufferPointer, at start: Int, _ layer: LayerHeader, _ clamps: Bool
  ) {
    let width = layer.paddedOutputs
    var offset = start + 32
    func skip(_ count: Int) { offset += (count + 15) / 16 * 16 }
    func fill(_ value: Int32) {
      for index in 0..<width {
        bytes.storeBytes(
          of: (index < layer.outputs ? value : 0).littleEndian, toByteOffset: offset + 4 * index, as: Int32.self)
      }
      skip(4 * width)
    }
    skip(layer.weightBytes)
    fill(0)  // scale_mantissa: the sums are made, and count for nothing
    skip(width)  // scale_shift
    fill(clamps ? Int32.max : 3 << Int32(layer.stateFractionBits + 7))  // bias: 1.5
    switch layer.delayKind {
    case .none: break
    case .axonal: skip(layer.inputs)
    case .dendritic: skip(width)
    case .synaptic: skip(layer.inputs * width)
    }
    // RF subtracts its reset from the current too: it keeps three quarters of u, and so settles at 2.
    fill(clamps ? 1 << 30 : layer.kind == .rf ? 3 << 28 : 0)  // decay
    switch layer.kind {
    case .siLIF:
      fill(clamps ? 0 : 1 << 30)  // input_gain: an adaptation at its limit must hold nobody back
      fill(0)  // adaptation_leak_mantissa
      skip(width)  // adaptation_leak_shift
      fill(clamps ? 1 << 30 : 0)  // subthreshold_coupling
      fill(0)  // spike_coupling
    case .cSiLIF, .rf: fill(0)  // decay_imaginary
    case .readout: break
    }
  }
}
