/// The digest of a self-test (docs/MODEL-FORMAT.md, section TEST).
///
/// Twins: tools/silif_tools/integer/digest.py, docs/MODEL-FORMAT.md
extension Network {
  /// Adds the last step: the input frame, of every hidden layer the spike bitmap (bit j of byte j/8, from the lowest; of
  /// P-SpikeSSM and S4D-GSU two) and the stream, as far as it has them, the readout's membrane potentials, its probabilities.
  public func updateDigest(_ digest: inout FNV1a) {
    for index in 0..<header.inputCount { digest.update(UInt16(bitPattern: lastFrame[index])) }
    for layer in 0..<header.layerCount - 1 {
      update(&digest, bitmap: takenSpikes(ofLayer: layer))
      update(&digest, bitmap: negativeSpikes(ofLayer: layer))
      update(&digest, bitmap: spikes(ofLayer: layer))
      for value in stream(ofLayer: layer) { digest.update(value) }
    }
    for index in 0..<header.classCount { digest.update(membrane[index]) }
    for index in 0..<header.classCount { digest.update(probabilities_q15[index]) }
  }

  @inline(never)
  private func update(_ digest: inout FNV1a, bitmap spikes: UnsafeBufferPointer<UInt8>) {
    var byte: UInt8 = 0
    for index in 0..<spikes.count {
      byte |= spikes[index] &<< UInt8(index & 7)
      if index & 7 == 7 || index == spikes.count - 1 {
        digest.update(byte: byte)
        byte = 0
      }
    }
  }
}
