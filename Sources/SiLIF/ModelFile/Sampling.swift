/// What makes spikes of probabilities (docs/NEURONS.md).
public enum Sampler: UInt16, Sendable, BitwiseCopyable, CaseIterable {
  /// Each neuron draws a number of its own.
  case draws = 1
  /// One number for all neurons of a layer in a step.
  case shared = 2
  /// No numbers: what a probability and its spike differ by is carried on to the next step (error feedback).
  case feedback = 3

  /// As commands print it.
  public var name: String {
    switch self {
    case .draws: "draws"
    case .shared: "shared"
    case .feedback: "feedback"
    }
  }
}

/// Section SMPL: how layers that sample do it. In the file exactly where there are such layers.
public struct Sampling: Sendable, BitwiseCopyable {
  /// What makes spikes.
  public let sampler: Sampler
  /// Of the numbers, unless the network is given another.
  public internal(set) var seed: UInt64
  /// Whether numbers are drawn, so that the seed matters.
  public var draws: Bool { sampler != .feedback }

  static let bytes = 16
  /// Of a number.
  static let drawBits = 16

  init(section: UnsafeRawBufferPointer) throws(ModelError) {
    guard section.count == Sampling.bytes else {
      throw ModelError(.inconsistent, "SMPL length", value: Int64(section.count))
    }
    var reader = ByteReader(section)
    let raw = try reader.read(UInt16.self, "sampler")
    guard let sampler = Sampler(rawValue: raw) else { throw ModelError(.outOfRange, "sampler", value: Int64(raw)) }
    self.sampler = sampler
    _ = try reader.read(UInt16.self, "draw_bits", in: Sampling.drawBits...Sampling.drawBits)
    _ = try reader.read(UInt32.self, "reserved", in: 0...0)
    seed = try reader.read(UInt64.self, "seed")
  }
}

/// What the numbers of a step depend on, beside the place of the neuron.
struct SamplingClock: BitwiseCopyable {
  var seed: UInt64
  /// Steps since the last reset, without this one; before the first, all bits are set.
  var step = UInt64.max
}

/// What a layer needs to draw numbers: its place in the network, and the network's clock.
struct Drawing {
  let index: Int
  let sampler: Sampler
  let clock: UnsafeMutablePointer<SamplingClock>
}
