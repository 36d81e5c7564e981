/// The encoder (docs/NEURONS.md): `r = I`, the first value of the stream to which blocks add. It remembers nothing.
///
/// Twins: tools/silif_tools/kinds/encoder.py, docs/ARITHMETIC.md, docs/NEURONS.md
struct EncoderNeurons: BitwiseCopyable {
  /// What it writes.
  let stream: Stream

  @_noAllocation @_noLocks
  func step(_ currents: Currents, saturation: SaturationCounter) {
    let (values_qF, sums, scale) = (stream.values_qF, currents.sums, currents.scale)
    for index in 0..<stream.width {
      values_qF[index] = current_qF(
        sums[index], scale.mantissa[index], scale.shift[index], scale.bias_qF8[index], saturation: saturation)
    }
  }
}
