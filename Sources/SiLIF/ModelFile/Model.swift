/// A `.silif` model file, validated as a whole and then used in place (docs/MODEL-FORMAT.md).
///
/// The bytes (a memory map, flash, or an allocation) must outlive the model, not change, and start on a multiple of 16.
public struct Model {
  public let bytes: UnsafeRawBufferPointer
  public let header: NetworkHeader
  public let words: WordList
  public let detector: DetectorDefaults
  public let selfTest: SelfTest
  /// Section FRNT, read by the front end; nil where the model takes precomputed frames only.
  public let frontEnd: UnsafeRawBufferPointer?
  /// Section PROV: UTF-8 lines `key: value`.
  public let provenance: UnsafeRawBufferPointer

  private let sections: SectionTable

  /// - Throws: ModelError naming the first field that is wrong. Nothing of a refused file is ever used.
  public init(bytes: UnsafeRawBufferPointer) throws(ModelError) {
    self.bytes = bytes
    sections = try SectionTable(file: bytes)
    header = try NetworkHeader(section: sections.requiredSection(.network, "NETW"))
    words = try WordList(section: sections.requiredSection(.words, "WORD"), classCount: header.classCount)
    detector = try DetectorDefaults(section: sections.requiredSection(.detector, "DTCT"), classCount: header.classCount)
    selfTest = try SelfTest(section: sections.requiredSection(.selfTest, "TEST"))
    provenance = try sections.requiredSection(.provenance, "PROV")
    frontEnd = sections.section(.frontEnd)
    guard (frontEnd != nil) == (header.inputKind == .logMel) else { throw ModelError(.inconsistent, "FRNT") }
    if selfTest.input == .samples && frontEnd == nil { throw ModelError(.inconsistent, "self_test_input") }
    // Divided, not multiplied: the product of two fields may exceed a 32-bit Int.
    let (steps, rest) = selfTest.values.count.quotientAndRemainder(dividingBy: header.inputCount)
    if selfTest.input == .frames && (steps != selfTest.step_count || rest != 0) {
      throw ModelError(.inconsistent, "self_test_count", value: Int64(selfTest.values.count))
    }

    var width = header.inputCount
    for index in 0..<header.layerCount {
      let layer = try LayerParameters(
        section: sections.requiredSection(.layer, "LAYR", ordinal: index), layer: index)
      let isLast = index == header.layerCount - 1
      guard layer.inputs == width else {
        throw ModelError(.inconsistent, "inputs", value: Int64(layer.inputs), layer: index)
      }
      guard (layer.source == .dense) == (index == 0) else {
        throw ModelError(.inconsistent, "source", value: Int64(layer.source.rawValue), layer: index)
      }
      guard (layer.kind == .readout) == isLast else {
        throw ModelError(.inconsistent, "kind", value: Int64(layer.kind.rawValue), layer: index)
      }
      if isLast && (layer.outputs != header.classCount || layer.stateFractionBits != Softmax.inputFractionBits) {
        throw ModelError(.inconsistent, "outputs", value: Int64(layer.outputs), layer: index)
      }
      try layer.checkBounds(inputLimit: index == 0 ? header.inputLimit : 1, layer: index)
      width = layer.outputs
    }
    if sections.section(.layer, ordinal: header.layerCount) != nil { throw ModelError(.inconsistent, "layer_count") }
  }

  /// Layer `index`, 0..<header.layerCount.
  public func layer(_ index: Int) -> LayerParameters {
    precondition(index >= 0 && index < header.layerCount)
    // Parsed once already, at load, so this cannot throw.
    // swift-format-ignore: NeverUseForceTry
    return try! LayerParameters(section: sections.section(.layer, ordinal: index).unsafelyUnwrapped, layer: index)
  }
}
