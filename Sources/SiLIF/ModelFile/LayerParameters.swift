/// One LAYR section: header and tables, which are used in place.
struct LayerParameters: BitwiseCopyable {
  let header: LayerHeader
  let connection: ConnectionTables
  #if !SILIF_WITHOUT_BLOCKS
    /// What takes the layer's own spikes to its neurons; nil where it does not read them.
    let recurrent: RecurrentTables?
  #endif
  let neurons: NeuronTables

  @inline(never)
  init(reading reader: inout TableReader) throws(ModelError) {
    header = reader.header
    connection = try ConnectionTables(reading: &reader)
    #if !SILIF_WITHOUT_BLOCKS
      if header.isRecurrent {
        let own = try RecurrentTables(reading: &reader)
        if reader.proves { try own.prove(reader, beside: connection) }
        recurrent = own
      } else {
        recurrent = nil
      }
    #endif
    neurons = try NeuronTables(reading: &reader)
    try reader.finish()
  }

  /// Reads a section and checks its lengths, not yet its values.
  init(section: UnsafeRawBufferPointer, layer: Int) throws(ModelError) {
    var reader = TableReader(
      trusting: section, header: try LayerHeader(section: section, layer: layer), layer: layer)
    self = try LayerParameters(reading: &reader)
  }

  /// Proves every value of a section that was read: what the step path relies on (docs/ARITHMETIC.md, "Bounds").
  ///
  /// - Parameter inputLimit: largest |x| of one value that the layer reads: the network's input limit, or 1 for spikes.
  func prove(section: UnsafeRawBufferPointer, inputLimit: Int, layer: Int) throws(ModelError) {
    var reader = TableReader(proving: section, header: header, inputLimit: inputLimit, layer: layer)
    _ = try LayerParameters(reading: &reader)
  }
}
