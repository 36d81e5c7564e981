import SiLIF
import TestSupport

/// Valid model files with something changed.
struct ModelBytes {
  private(set) var bytes: [UInt8]

  init(_ path: String) throws { bytes = try TemporaryFolder.bytes(path) }

  /// Sixteen of the first layer's weights are others.
  static func withOtherWeights(_ path: String) throws -> [UInt8] {
    var model = try ModelBytes(path)
    for index in 0..<16 { model.set(UInt8(100), at: model.start("LAYR") + 256 + index) }
    return model.sealed
  }

  /// The digest that the self-test expects is another one.
  static func withChangedDigest(_ path: String) throws -> [UInt8] {
    var model = try ModelBytes(path)
    model.set(UInt8(truncatingIfNeeded: model.bytes[model.start("TEST") + 8] ^ 1), at: model.start("TEST") + 8)
    return model.sealed
  }

  /// Valid, and re-arming far above its threshold: scaled to another threshold, the level leaves 32 bits.
  static func withHighRearm(_ path: String) throws -> [UInt8] {
    var model = try ModelBytes(path)
    let detector = model.start("DTCT")
    model.set(UInt16(1024), at: detector)  // window
    for word in 0..<Int(model.bytes[detector + 6]) {
      model.set(UInt16(1), at: detector + 16 + 8 * word)
      model.set(UInt16(32768), at: detector + 18 + 8 * word)
      model.set(UInt16(1), at: detector + 20 + 8 * word)
    }
    return model.sealed
  }

  /// A front end that steps at every sample, and so many samples to test it with.
  static func withSelfTest(samples: Int, steps: UInt32, _ path: String) throws -> [UInt8] {
    var model = try ModelBytes(path)
    model.set(UInt16(1), at: model.start("FRNT") + 10)  // hop
    var random = SplitMix64(seed: 1)
    var test = [UInt8](repeating: 0, count: 32)
    test[0] = 2
    for index in 0..<4 {
      test[4 + index] = UInt8(truncatingIfNeeded: steps >> UInt32(8 * index))
      test[16 + index] = UInt8(truncatingIfNeeded: samples >> (8 * index))
    }
    for _ in 0..<samples {
      let sample = random.next()
      test += [UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8)]
    }
    model.replace("TEST", with: test)
    return model.sealed
  }

  /// Of a network that samples: by another sampler, which docs/MODEL-FORMAT.md numbers.
  static func with(sampler: UInt16, _ path: String) throws -> [UInt8] {
    var model = try ModelBytes(path)
    model.set(sampler, at: model.start("SMPL"))
    return model.sealed
  }

  static func with(provenance: [UInt8], _ path: String) throws -> [UInt8] {
    var model = try ModelBytes(path)
    model.replace("PROV", with: provenance)
    return model.sealed
  }

  /// With the first word's bytes changed; as many as it has.
  static func with(word: [UInt8], _ path: String) throws -> [UInt8] {
    var model = try ModelBytes(path)
    let start = model.start("WORD") + 9
    precondition(Int(model.bytes[start - 1]) == word.count)
    for (index, byte) in word.enumerated() { model.set(byte, at: start + index) }
    return model.sealed
  }

  private var entries: [Int] { (0..<(Int(bytes[10]) | Int(bytes[11]) << 8)).map { 32 + 16 * $0 } }

  private func entry(_ tag: String) -> Int { entries.first { Array(bytes[$0..<$0 + 4]) == Array(tag.utf8) }! }

  private func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }

  /// Where a section begins.
  func start(_ tag: String) -> Int { word(entry(tag) + 4) }

  mutating func set<Word: FixedWidthInteger>(_ value: Word, at offset: Int) {
    for index in 0..<MemoryLayout<Word>.size {
      bytes[offset + index] = UInt8(truncatingIfNeeded: value >> Word(8 * index))
    }
  }

  /// Moves the section to the end of the file, with another content.
  mutating func replace(_ tag: String, with content: [UInt8]) {
    // Sections lie in the order of their entries: the last entry becomes this section's.
    let (old, last) = (entry(tag), entries.last!)
    let moved = Array(bytes[old..<old + 16])
    bytes.replaceSubrange(old..<last, with: bytes[old + 16..<last + 16])
    bytes.replaceSubrange(last..<last + 16, with: moved)
    set(UInt32(bytes.count), at: last + 4)
    set(UInt32(content.count), at: last + 8)
    bytes += content + [UInt8](repeating: 0, count: (16 - content.count % 16) % 16)
    set(UInt32(bytes.count), at: 12)
  }

  /// The file, its checksum mended.
  var sealed: [UInt8] {
    var sealed = self
    var checksum = CRC32()
    bytes.withUnsafeBytes {
      checksum.update(UnsafeRawBufferPointer(rebasing: $0[..<16]))
      checksum.update(UnsafeRawBufferPointer(rebasing: $0[20...]))
    }
    sealed.set(checksum.value, at: 16)
    return sealed.bytes
  }
}
