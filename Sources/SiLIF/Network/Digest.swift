/// The digest of a self-test (docs/MODEL-FORMAT.md, section TEST).
///
/// Twins: tools/silif_tools/integer/digest.py, docs/MODEL-FORMAT.md
extension Network {
  /// Adds the last step: the input frame, the spike bitmap of every hidden layer (bit j of byte j/8, from the lowest),
  /// the readout's membrane potentials, its probabilities.
  public func updateDigest(_ digest: inout FNV1a) {
    for index in 0..<header.inputCount { digest.update(UInt16(bitPattern: lastFrame[index])) }
    for layer in 0..<header.layerCount - 1 {
      let spikes = spikes(ofLayer: layer)
      var byte: UInt8 = 0
      for index in 0..<spikes.count {
        byte |= spikes[index] &<< UInt8(index & 7)
        if index & 7 == 7 || index == spikes.count - 1 {
          digest.update(byte: byte)
          byte = 0
        }
      }
    }
    for index in 0..<header.classCount { digest.update(membrane[index]) }
    for index in 0..<header.classCount { digest.update(probabilities_q15[index]) }
  }
}
