import CommandSupport
import SiLIF
import SpotterHost

/// A copy of a model whose every neuron fires in every step, which each report a word: same sizes, delays and weights, so that
/// a step does all the work that a step of the model can do; but no current except a bias above the threshold.
///
/// Either nothing is remembered, or every state runs into its limit and is clamped there in every step: which of the two
/// takes longer depends on the kernels.
///
/// It rewrites tables of the LAYR sections with the values that the engine names, and the levels of the DTCT section, and makes
/// the checksum anew. tools/scripts/worst_case_model.py writes such a copy to a file, for firmware.
///
/// Twins: tools/scripts/worst_case_model.py
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
      let tag = bytes.loadUnaligned(fromByteOffset: entry, as: UInt32.self)
      let start = Int(bytes.loadUnaligned(fromByteOffset: entry + 4, as: UInt32.self))
      if tag == 0x5443_5444 { WorstCaseModel.reportAlways(bytes, at: start) }  // DTCT
      guard tag == 0x5259_414C else { continue }  // LAYR
      let parameters = original.layer(layer)
      guard parameters.stateFractionBits <= 22 else { return nil }
      WorstCaseModel.rewrite(bytes, at: start, parameters, clamps)
      layer += 1
    }
    var checksum = CRC32()
    checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<16]))
    checksum.update(UnsafeRawBufferPointer(rebasing: bytes[20...]))
    bytes.storeBytes(of: checksum.value.littleEndian, toByteOffset: 16, as: UInt32.self)
    guard let model = try? Model(bytes: UnsafeRawBufferPointer(bytes)) else { return nil }
    self.model = model
  }

  /// Whatever the probabilities, a word is above its threshold and armed again, and there is no time in which none may be.
  private static func reportAlways(_ bytes: UnsafeMutableRawBufferPointer, at start: Int) {
    func write(_ value: UInt16, _ offset: Int) {
      bytes.storeBytes(of: value.littleEndian, toByteOffset: start + offset, as: UInt16.self)
    }
    func read(_ offset: Int) -> UInt16 {
      UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: start + offset, as: UInt16.self))
    }
    write(0, 2)
    write(0, 4)
    write(min(read(8), 1), 8)
    for index in 0..<Int(read(6)) {
      write(0, 16 + 8 * index)
      write(32768, 18 + 8 * index)
    }
  }

  /// The tables say with which values their neurons fire.
  private static func rewrite(
    _ bytes: UnsafeMutableRawBufferPointer, at start: Int, _ layer: LayerHeader, _ clamps: Bool
  ) {
    for table in layer.tables {
      guard let busy = table.busy else { continue }
      let value = clamps ? busy.clamped : busy.settled
      for index in 0..<table.count where !layer.isPadding(column: index / table.each) {
        let offset = start + table.offset + table.elementBytes * index
        if table.elementBytes == 1 {
          bytes.storeBytes(of: Int8(truncatingIfNeeded: value), toByteOffset: offset, as: Int8.self)
        } else if table.elementBytes == 2 {
          bytes.storeBytes(of: Int16(truncatingIfNeeded: value).littleEndian, toByteOffset: offset, as: Int16.self)
        } else {
          bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Int32.self)
        }
      }
    }
  }
}
