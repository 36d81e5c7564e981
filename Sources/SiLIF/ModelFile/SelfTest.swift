/// Section TEST: an input and the digest of what the network must do with it.
public struct SelfTest {
  /// What the test begins from.
  public enum Input: UInt16, Sendable {
    /// Whole input frames, [count / inputCount][inputCount].
    case frames = 1
    /// 16-bit samples at the front end's rate.
    case samples = 2
  }

  /// What `values` are.
  public let input: Input
  /// Int16 values.
  public let values: UnsafeBufferPointer<Int16>
  /// FNV-1a over every step's frame, spikes, membrane potentials and probabilities (`Network.updateDigest`).
  public let digest: UInt64
  /// Steps that the input makes.
  public let step_count: Int

  @_optimize(size)
  init(section: UnsafeRawBufferPointer) throws(ModelError) {
    var reader = ByteReader(section)
    let kind = try reader.read(UInt16.self, "self_test_input")
    guard let known = Input(rawValue: kind) else {
      throw ModelError(.outOfRange, "self_test_input", value: Int64(kind))
    }
    input = known
    try reader.skip(2, "reserved")
    step_count = try reader.read(UInt32.self, "self_test_steps", in: 1...1_000_000)
    digest = try reader.read(UInt64.self, "self_test_digest")
    let count = try reader.read(UInt32.self, "self_test_count", in: 1...8_000_000)
    try reader.skip(12, "reserved")
    values = UnsafeBufferPointer(
      start: try reader.readTable(Int16.self, count: count, "self_test_values"), count: count)
  }
}
