import Testing

@testable import SiLIF

@Suite struct DamagedFileTests {
  @Test(arguments: ["one-neuron", "one-neuron-w4", "readout-one-class", "silif-none-w8"])
  func isRefusedWhenTruncatedAtAnyLength(_ name: String) throws {
    let whole = try MutableModelFile(golden: name)
    #expect(whole.error() == nil)
    var file = whole
    for length in 0..<whole.bytes.count {
      file.bytes = Array(whole.bytes[..<length])
      let error = file.error()
      #expect(error?.problem == .truncated, "length \(length)")
      // Once the header is there it says what is missing.
      if length >= 16 { #expect(error?.fieldName == "total_length") }
    }
  }

  @Test func isRefusedWithBytesAfterItsEnd() throws {
    var file = try MutableModelFile(golden: "one-neuron")
    file.bytes += [0]
    #expect(file.error() == ModelError(.inconsistent, "total_length", value: Int64(file.bytes.count - 1)))
  }

  @Test(arguments: ["one-neuron", "one-neuron-w4", "readout-one-class"])
  func isRefusedWithAnyBitFlipped(_ name: String) throws {
    let whole = try MutableModelFile(golden: name)
    let loaded = AlignedBytes(whole.bytes)
    var wronglyTreated: [Int] = []
    for bit in 0..<whole.bytes.count * 8 {
      loaded.bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      var error: ModelError?
      do { _ = try Model(bytes: loaded.readOnly) } catch let refusal { error = refusal }
      let expected: ModelError.Problem? =
        switch bit / 8 {
        case 0..<8: .notAModel
        case 8..<10: .unsupportedVersion
        case 10..<16: error?.problem  // section_count and total_length: whichever contradicts first
        default: .damaged
        }
      if error == nil || error?.problem != expected { wronglyTreated.append(bit) }
      loaded.bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    }
    #expect(wronglyTreated == [])
  }

  @Test(arguments: [0, 2, 255, 256, 65535] as [UInt16])
  func isRefusedInAnotherVersionEvenWithARightChecksum(_ version: UInt16) throws {
    var file = try MutableModelFile(golden: "one-neuron")
    file.set(version, at: 8)
    file.repairChecksum()
    #expect(file.error() == ModelError(.unsupportedVersion, "format_version", value: Int64(version)))
  }

  @Test func isRefusedAtAnUnalignedAddress() throws {
    let file = try MutableModelFile(golden: "one-neuron")
    let shifted = AlignedBytes([0] + file.bytes)
    #expect(throws: ModelError(.inconsistent, "file address")) {
      try Model(bytes: UnsafeRawBufferPointer(rebasing: shifted.readOnly[1...]))
    }
  }

  @Test func isRefusedWhenItIsSomethingElse() {
    for other in [[UInt8]("RIFF\u{0}\u{0}\u{0}\u{0}WAVEfmt ".utf8), [UInt8](repeating: 0, count: 4096)] {
      #expect(throws: ModelError(.notAModel, "magic")) { try LoadedModel(other) }
    }
    #expect(throws: ModelError(.truncated, "magic")) { try LoadedModel([]) }
    #expect(throws: ModelError(.truncated, "magic")) { try Model(bytes: UnsafeRawBufferPointer(start: nil, count: 0)) }
  }
}
