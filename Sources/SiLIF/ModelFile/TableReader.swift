/// One table of a LAYR section, as its reader asked for it: name, place, and what it demands of the values.
public struct LayerTable: Sendable {
  /// Its name in docs/MODEL-FORMAT.md.
  public let field: StaticString
  /// Bytes from the start of the section.
  public let offset: Int
  /// Its elements, those of the padding included.
  public let count: Int
  /// 1, 2 or 4.
  public let elementBytes: Int
  /// What each value must lie in; of weights and biases what their type holds, since their bounds are proved together.
  public let range: ClosedRange<Int64>
  /// What an element of the padding that is not zero is called; nil where elements belong to no neurons.
  public let padding: StaticString?
  /// Elements beside each other that belong to one neuron.
  public let each: Int
  /// What fills it so that the layer has everything to do in every step; nil where it may stay as it is.
  public let busy: BusyValues?

  /// The offset of the byte after it.
  public var end: Int { offset + count * elementBytes }
}

/// The values of a table with which every neuron fires in every step, whatever comes in: for measuring the longest step.
public struct BusyValues: Sendable, BitwiseCopyable {
  /// Nothing is remembered.
  public let settled: Int32
  /// Every state runs into its limit and is clamped there in every step.
  public let clamped: Int32
}

/// Goes through the tables of a LAYR section one after another: each is listed, read, checked against its range and checked
/// for zeros in its padding by one call. So whoever has tables says in one place which, and in which order.
///
/// It does one of three things: it lists the tables of a layer of which only the header is known, it reads them out of a
/// section that was proved before, or it reads and proves them.
struct TableReader {
  let header: LayerHeader
  /// Whether values are proved to lie within their bounds.
  let proves: Bool
  /// Largest |x| of one value that the layer reads: the network's input limit, or 1 for spikes.
  let inputLimit: Int
  let layer: Int

  private let section: UnsafeRawBufferPointer?
  private var position = LayerHeader.bytes
  private let listed: UnsafeMutablePointer<LayerTable>?
  /// Tables gone through.
  private(set) var count = 0

  /// More than any kind has, those of its connection included.
  static let mostTables = 32

  /// Reads tables and trusts their values.
  init(trusting section: UnsafeRawBufferPointer, header: LayerHeader, layer: Int) {
    self.init(header: header, section: section, layer: layer, proves: false, inputLimit: 0, listed: nil)
  }

  /// Reads tables and proves their values.
  init(proving section: UnsafeRawBufferPointer, header: LayerHeader, inputLimit: Int, layer: Int) {
    self.init(header: header, section: section, layer: layer, proves: true, inputLimit: inputLimit, listed: nil)
  }

  /// Lists tables. The pointers that it gives must not be dereferenced.
  ///
  /// - Parameter listed: room for `mostTables`.
  init(listing header: LayerHeader, into listed: UnsafeMutablePointer<LayerTable>) {
    self.init(header: header, section: nil, layer: -1, proves: false, inputLimit: 0, listed: listed)
  }

  private init(
    header: LayerHeader, section: UnsafeRawBufferPointer?, layer: Int, proves: Bool, inputLimit: Int,
    listed: UnsafeMutablePointer<LayerTable>?
  ) {
    self.header = header
    self.section = section
    self.layer = layer
    self.proves = proves
    self.inputLimit = inputLimit
    self.listed = listed
  }

  /// A table of one value for each neuron. What lies beyond `outputs` must be zero: the padding neurons are stepped with the
  /// others, and if one fired, the layer above would read past its last row of weights.
  ///
  /// Where a kind has branches, the connection's tables hold one value for each neuron of each branch; tables of state
  /// spaces hold several values for each neuron.
  ///
  /// - Parameters:
  ///   - field: its name in docs/MODEL-FORMAT.md.
  ///   - padding: the same with " padding" after it: a StaticString cannot be put together.
  ///   - range: nil where every value of the type will do.
  ///   - branches: of neurons, one after the other, each with its padding.
  ///   - each: values of one neuron, beside each other.
  ///   - busy: as of `LayerTable`.
  @inline(never)
  mutating func neuronTable<Element: FixedWidthInteger>(
    _ type: Element.Type, _ field: StaticString, padding: StaticString, in range: ClosedRange<Int64>? = nil,
    branches: Int = 1, each: Int = 1, busy: BusyValues? = nil
  ) throws(ModelError) -> UnsafePointer<Element> {
    let range = range ?? Int64(Element.min)...Int64(Element.max)
    let neurons = branches * header.paddedOutputs
    let table = try table(type, field, count: neurons * each, in: range, padding: padding, each: each, busy: busy)
    guard proves else { return table }
    for neuron in 0..<neurons {
      let isPadding = header.isPadding(column: neuron)
      for index in neuron * each..<(neuron + 1) * each {
        try prove(Int64(table[index]), in: isPadding ? 0...0 : range, isPadding ? padding : field)
      }
    }
    return table
  }

  /// A table of any size, whose values the caller proves. It starts at the next multiple of 16 and is used in place.
  @inline(never)
  mutating func table<Element: FixedWidthInteger>(
    _ type: Element.Type, _ field: StaticString, count elements: Int, in range: ClosedRange<Int64>,
    padding: StaticString? = nil, each: Int = 1, busy: BusyValues? = nil
  ) throws(ModelError) -> UnsafePointer<Element> {
    let start = (position + 15) / 16 * 16
    let size = elements * MemoryLayout<Element>.stride
    if let listed {
      precondition(count < TableReader.mostTables)
      (listed + count).initialize(
        to: LayerTable(
          field: field, offset: start, count: elements, elementBytes: MemoryLayout<Element>.stride, range: range,
          padding: padding, each: each, busy: busy))
    }
    count += 1
    position = start + size
    guard let section else { return UnsafePointer(bitPattern: LayerHeader.bytes).unsafelyUnwrapped }
    guard let base = section.baseAddress, position <= section.count else {
      throw ModelError(.truncated, field, layer: layer)
    }
    return (base + start).assumingMemoryBound(to: Element.self)
  }

  /// Refuses a value outside `range` by its field's name.
  func prove(_ value: Int64, in range: ClosedRange<Int64>, _ field: StaticString) throws(ModelError) {
    guard range.contains(value) else { throw ModelError(.outOfRange, field, value: value, layer: layer) }
  }

  /// After the last table: nothing but padding may follow it.
  func finish() throws(ModelError) {
    guard let section, section.count - position >= SectionTable.alignment else { return }
    throw ModelError(.inconsistent, "LAYR length", value: Int64(section.count), layer: layer)
  }
}

extension LayerHeader {
  /// The tables of a layer with this header, in the order in which they lie in its section. For tools and tests: it takes
  /// memory from the heap.
  public var tables: [LayerTable] {
    [LayerTable](unsafeUninitializedCapacity: TableReader.mostTables) { list, count in
      var reader = TableReader(listing: self, into: list.baseAddress.unsafelyUnwrapped)
      // What lists cannot find a file too short or a value out of range.
      _ = try? LayerParameters(reading: &reader)
      count = reader.count
    }
  }
}
