import Kernels
import TestSupport
import Testing

@testable import SiLIF

/// What the engine demands of a layer of every kind, behind every connection: weight widths, delays, what it reads.
@Suite struct LayerConformanceTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let kind: NeuronKind
    let source: EdgeKind
    let delayKind: DelayKind
    let weightBits: Int
    let isRecurrent: Bool

    var header: LayerHeader {
      LayerHeader(
        kind: kind, source: source, isRecurrent: isRecurrent, delayKind: delayKind, weightBits: weightBits,
        inputs: kind.isBlock ? 37 : 41,
        outputs: 37, maximumDelay: delayKind == .none ? 0 : 6, stateFractionBits: 16,
        statePairs: kind.hasStateSpaces ? 5 : 0)
    }
    /// Largest |x| of what its weights read.
    var inputLimit: Int {
      switch kind.isBlock ? .spikes : source {
      case .frames: 1500
      case .spikes: 1
      case .stream: Stream.readLimit
      }
    }
    /// Largest |x| of what it reads, as `LoneLayer` takes it.
    var largestInput: Int { source == .stream ? Stream.readLimit : inputLimit }
    var testDescription: String {
      "\(kind.name), \(source)\(isRecurrent ? " and own spikes" : ""), \(weightBits) bits, delays \(delayKind.name)"
    }

    static let all = NeuronKind.allCases.flatMap { kind in
      EdgeKind.allCases.flatMap { source in
        DelayKind.allCases.flatMap { delayKind in
          [4, 8, 16].flatMap { bits in
            [false, true].map {
              Case(kind: kind, source: source, delayKind: delayKind, weightBits: bits, isRecurrent: $0)
            }
          }
        }
      }
    }.filter { $0.header.refusal == nil && $0.fitsItsSums }

    /// Of 16 bits, weights times the values of a stream would not: 41 · 2^15 · 2^15.
    private var fitsItsSums: Bool { header.weightedSource != .stream || weightBits < 16 }
  }

  private func inputs(_ step: Int, _ item: Case, _ random: inout SplitMix64) -> [Int16] {
    let limit = item.largestInput
    return (0..<item.header.inputs).map { index in
      switch step % 7 {
      case 0: 0
      case 1: Int16(limit)
      case 2: Int16(index.isMultiple(of: 2) ? limit : item.source == .spikes ? 0 : -limit)
      default: Bool.random(using: &random) ? 0 : Int16(Int.random(in: -limit...limit, using: &random))
      }
    }
  }

  @Test(arguments: Case.all)
  func everyKernelSetMakesTheSameBits(_ item: Case) throws {
    var random = SplitMix64(seed: UInt64(item.weightBits))
    let section = LayerSection.extreme(item.header, inputLimit: item.inputLimit, random: &random)
    let layers = try KernelSet.available.map {
      try LoneLayer(section, inputLimit: item.inputLimit, kernels: $0)
    }
    var operations = 0
    for step in 0..<40 {
      let inputs = inputs(step, item, &random)
      let counts = layers.map { $0.step(inputs) }
      operations += counts[0]
      for (layer, count) in zip(layers, counts).dropFirst() {
        try #require(layer.state == layers[0].state, "step \(step)")
        try #require(layer.output.fired == layers[0].output.fired && layer.output.listed == layers[0].output.listed)
        try #require(layer.stream.values == layers[0].stream.values)
        try #require(count == counts[0])
      }
    }
    #expect(operations > 0 && layers.allSatisfy { $0.isGuardIntact })
    #expect(layers.allSatisfy { $0.counter.saturations == layers[0].counter.saturations })
  }

  @Test(arguments: Case.all)
  func afterAResetItIsFresh(_ item: Case) throws {
    var random = SplitMix64(seed: 5)
    let section = LayerSection.extreme(item.header, inputLimit: item.inputLimit, random: &random)
    let fresh = try LoneLayer(section, inputLimit: item.inputLimit, kernels: .best)
    let used = try LoneLayer(section, inputLimit: item.inputLimit, kernels: .best)
    // Leaves every ring at another slot than it began with.
    for step in 0..<9 { _ = used.step(inputs(step, item, &random)) }
    #expect(used.state != fresh.state || used.stream.values != fresh.stream.values)
    used.reset()
    #expect(used.state == fresh.state && used.stream.values == fresh.stream.values)
    for step in 0..<20 {
      let inputs = inputs(step, item, &random)
      #expect(used.step(inputs) == fresh.step(inputs))
      try #require(used.state == fresh.state && used.output.listed == fresh.output.listed)
      try #require(used.stream.values == fresh.stream.values)
    }
  }

  /// What the reader says about the section with one value changed; nil where it takes it.
  private func refusal(_ section: LayerSection, _ table: LayerTable, _ index: Int, _ value: Int64) -> ModelError? {
    var changed = section
    changed.set(value, in: table, at: index)
    return refusal(changed.bytes)
  }

  private func refusal(_ bytes: [UInt8]) -> ModelError? {
    do {
      _ = try LoadedLayer(bytes)
      return nil
    } catch { return error as? ModelError }
  }

  private func fits(_ value: Int64, _ table: LayerTable) -> Bool {
    switch table.elementBytes {
    case 1: (table.range.lowerBound < 0 ? Int64(Int8.min)...127 : 0...255).contains(value)
    case 2: (Int64(Int16.min)...Int64(Int16.max)).contains(value)
    default: (Int64(Int32.min)...Int64(Int32.max)).contains(value)
    }
  }

  @Test(arguments: Case.all)
  func everyValueOutsideItsRangeIsRefusedByName(_ item: Case) throws {
    let section = LayerSection(item.header)
    #expect(refusal(section.bytes) == nil)
    var checked = 0
    for table in item.header.tables where !table.field.description.hasSuffix("weights") {
      for index in [0, item.header.outputs - 1] {
        for value in [table.range.lowerBound, table.range.upperBound] {
          #expect(refusal(section, table, index, value) == nil, "\(table.field)")
        }
        for value in [table.range.lowerBound - 1, table.range.upperBound + 1] where fits(value, table) {
          #expect(
            refusal(section, table, index, value) == ModelError(.outOfRange, table.field, value: value, layer: 0))
          checked += 1
        }
      }
    }
    #expect(checked >= 4)
  }

  @Test(arguments: Case.all)
  func everyPaddingValueThatIsNotZeroIsRefusedByName(_ item: Case) throws {
    let section = LayerSection(item.header)
    for table in item.header.tables {
      guard let name = table.padding else { continue }
      for index in table.indices(item.header).padding {
        #expect(refusal(section, table, index, 1) == ModelError(.outOfRange, name, value: 1, layer: 0))
      }
    }
    for index in 0..<item.header.columns where item.header.isPadding(column: index) {
      var changed = section
      var row = [Int](repeating: 0, count: item.header.columns)
      row[index] = -1
      changed.fillWeights([row])
      #expect(refusal(changed.bytes) == ModelError(.outOfRange, "weights padding", value: -1, layer: 0))
    }
  }

  @Test(arguments: Case.all)
  func aSectionTooShortOrTooLongIsRefused(_ item: Case) throws {
    let whole = LayerSection(item.header).bytes
    let tables = item.header.tables
    for length in 0..<whole.count {
      let refusal = refusal(Array(whole[..<length]))
      #expect(refusal?.problem == .truncated, "length \(length)")
      if length >= 32 { #expect(refusal?.fieldName == tables.first { $0.end > length }?.field.description) }
    }
    for extra in [16, 100] {
      #expect(
        refusal(whole + [UInt8](repeating: 0, count: extra))
          == ModelError(.inconsistent, "LAYR length", value: Int64(whole.count + extra), layer: 0))
    }
  }

  /// Every sum within Int32, every current within 2^38, at the largest input.
  @Test(arguments: Case.all)
  func sumsAndCurrentsThatCouldOverflowAreRefused(_ item: Case) throws {
    var section = LayerSection(item.header)
    let largest = Int(section.table("weights").range.upperBound)
    section.fillWeights([[Int]](repeating: [largest], count: item.header.inputs))
    let sum = item.header.inputs * largest
    // The largest limit with which the sum fits, and the next.
    let limit = Int(Int32.max) / sum
    _ = try LoadedLayer(section, inputLimit: limit)
    #expect(throws: ModelError(.outOfRange, "weights", value: Int64(sum * (limit + 1)), layer: 0)) {
      try LoadedLayer(section, inputLimit: limit + 1)
    }
    section.fill("scale_mantissa", [(1 << 38) / Int64(sum)])
    _ = try LoadedLayer(section, inputLimit: 1)
    section.fill("bias", [-Int64(sum)])
    #expect(throws: ModelError.self) { try LoadedLayer(section, inputLimit: 1) }
  }
}
