/// A `.silif` model file, validated as a whole and then used in place (docs/MODEL-FORMAT.md).
///
/// The bytes (an allocation, or flash) must outlive the model, not change (a file mapped from a disk may), and start on a multiple of 16.
public struct Model {
  /// The whole file.
  public let bytes: UnsafeRawBufferPointer
  /// Section NETW.
  public let header: NetworkHeader
  /// Section WORD.
  public let words: WordList
  /// Section DTCT.
  public let detector: DetectorDefaults
  /// Section TEST.
  public let selfTest: SelfTest
  /// Section FRNT, read by the front end; nil where the model takes precomputed frames only.
  public let frontEnd: UnsafeRawBufferPointer?
  /// Section SMPL; nil where no layer samples.
  public private(set) var sampling: Sampling?
  /// Section CALB for clips; `.none` where the file does not say how sure to be of them.
  public private(set) var clipCalibration = Calibration.none
  /// Section CALB for events; `.none` where the file does not say how sure to be of them.
  public private(set) var eventCalibration = Calibration.none
  /// Section PROV: UTF-8 lines `key: value`.
  public let provenance: UnsafeRawBufferPointer

  private let sections: SectionTable

  /// No model file is larger.
  public static var maximumBytes: Int { SectionTable.maximumBytes }

  /// - Throws: ModelError naming the first field that is wrong. Nothing of a refused file is ever used.
  @_optimize(size)
  public init(bytes: UnsafeRawBufferPointer) throws(ModelError) {
    self.bytes = bytes
    sections = try SectionTable(file: bytes)
    header = try NetworkHeader(section: sections.requiredSection(.network, "NETW"))
    words = try WordList(section: sections.requiredSection(.words, "WORD"), classCount: header.classCount)
    detector = try DetectorDefaults(section: sections.requiredSection(.detector, "DTCT"), classCount: header.classCount)
    selfTest = try SelfTest(section: sections.requiredSection(.selfTest, "TEST"))
    provenance = try sections.requiredSection(.provenance, "PROV")
    frontEnd = sections.section(.frontEnd)
    if let section = sections.section(.sampling) {
      sampling = try Sampling(section: section)
    } else {
      sampling = nil
    }
    try readCalibrations()
    guard (frontEnd != nil) == (header.inputKind == .logMel) else { throw ModelError(.inconsistent, "FRNT") }
    if selfTest.input == .samples && frontEnd == nil { throw ModelError(.inconsistent, "self_test_input") }
    // Divided, not multiplied: the product of two fields may exceed a 32-bit Int.
    let (steps, rest) = selfTest.values.count.quotientAndRemainder(dividingBy: header.inputCount)
    if selfTest.input == .frames && (steps != selfTest.step_count || rest != 0) {
      throw ModelError(.inconsistent, "self_test_count", value: Int64(selfTest.values.count))
    }

    try checkLayers()
  }

  /// Section CLIP; `.none` where a clip is scored by the mean over its steps.
  ///
  /// Read when it is asked for: firmware, which scores no clips, has no code for it.
  ///
  /// - Throws: ModelError naming what is wrong with it.
  public func clipRule() throws(ModelError) -> ClipRule {
    guard let section = sections.section(.clips) else { return .none }
    return try ClipRule(
      section: section, classCount: header.classCount, window_frames: detector.window_frames)
  }

  private mutating func readCalibrations() throws(ModelError) {
    var ordinal = 0
    while let section = sections.section(.calibration, ordinal: ordinal) {
      let found = try Calibration(section: section, window_frames: detector.window_frames)
      guard !(found.target == .clips ? clipCalibration : eventCalibration).exists else {
        throw ModelError(.inconsistent, "calibrates", value: Int64(found.target.rawValue))
      }
      if found.target == .clips { clipCalibration = found } else { eventCalibration = found }
      ordinal += 1
    }
  }

  /// The same model, in the same bytes, with another seed for what its layers draw. Without effect where none draws.
  ///
  /// - Parameter seed: any number; the same one draws the same.
  public func drawing(seed: UInt64) -> Model {
    var model = self
    model.sampling?.seed = seed
    return model
  }

  /// The layers make a chain, and each of their values lies within its bounds.
  @_optimize(size)
  private func checkLayers() throws(ModelError) {
    var width = header.inputCount
    var below: EdgeKind? = .frames
    var fractionBits = 0
    var samples = false
    for index in 0..<header.layerCount {
      let section = try sections.requiredSection(.layer, "LAYR", ordinal: index)
      let parameters = try LayerParameters(section: section, layer: index)
      let layer = parameters.header
      let isLast = index == header.layerCount - 1
      guard layer.inputs == width else {
        throw ModelError(.inconsistent, "inputs", value: Int64(layer.inputs), layer: index)
      }
      if let refusal = EdgeKind.refusal(of: layer, below: below, isLast: isLast) {
        throw ModelError(.inconsistent, refusal.field, value: Int64(refusal.value), layer: index)
      }
      // What blocks add to has one format from the encoder on.
      guard !layer.kind.isBlock || layer.stateFractionBits == fractionBits else {
        throw ModelError(.inconsistent, "state_fraction_bits", value: Int64(layer.stateFractionBits), layer: index)
      }
      if isLast && (layer.outputs != header.classCount || layer.stateFractionBits != Softmax.inputFractionBits) {
        throw ModelError(.inconsistent, "outputs", value: Int64(layer.outputs), layer: index)
      }
      // Only a layer that fires has spikes that classes could be counted by.
      guard !isLast || header.scores == .potentials || layer.kind.output == .spikes else {
        throw ModelError(.inconsistent, "scores", value: Int64(header.scores.rawValue))
      }
      try parameters.prove(section: section, inputLimit: inputLimit(of: layer), layer: index)
      width = layer.outputs
      below = layer.kind.output
      fractionBits = layer.stateFractionBits
      samples = samples || layer.kind.samples
    }
    guard samples == (sampling != nil) else { throw ModelError(samples ? .missing : .inconsistent, "SMPL") }
    if sections.section(.layer, ordinal: header.layerCount) != nil { throw ModelError(.inconsistent, "layer_count") }
  }

  /// Largest |x| of one value that a layer's weights read.
  private func inputLimit(of layer: LayerHeader) -> Int {
    switch layer.kind.isBlock ? .spikes : layer.source {
    case .frames: header.inputLimit
    case .spikes: 1
    case .stream: Stream.readLimit
    }
  }

  /// The header of layer `index`, 0..<header.layerCount.
  public func layer(_ index: Int) -> LayerHeader { parameters(index).header }

  /// Layer `index`, 0..<header.layerCount.
  func parameters(_ index: Int) -> LayerParameters {
    precondition(index >= 0 && index < header.layerCount)
    // Parsed once already, at load, so this cannot throw.
    // swift-format-ignore: NeverUseForceTry
    return try! LayerParameters(section: sections.section(.layer, ordinal: index).unsafelyUnwrapped, layer: index)
  }
}
