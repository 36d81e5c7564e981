import Testing

@testable import SiLIF

/// LIF against its equation.
@Suite struct LIFNeuronsTests {
  private static let unit = 0x1p16

  private func neurons(decay: Double, current: Double) throws -> LoneNeurons {
    let width = 16
    var section = LayerSection(LayerHeader(kind: .lif, source: .spikes, inputs: 1, outputs: width))
    section.fill("decay", .init(repeating: Int64((decay * 0x1p30).rounded()), count: width))
    section.fill("bias", .init(repeating: Int64((current * 0x1p24).rounded()), count: width))
    return try LoneNeurons(section)
  }

  /// What tells it from SiLIF without adaptation: the threshold comes off whole, a step later, and does not decay.
  @Test func theResetIsSubtractedAStepLaterWithoutDecay() throws {
    let memory = try neurons(decay: 0.5, current: 0.75)
    guard case .lif(let neurons) = memory.neurons else { preconditionFailure("not LIF") }
    var seen: [(Double, UInt8)] = []
    for _ in 0..<5 {
      memory.step()
      seen.append((Double(neurons.membrane_qF[15]) / Self.unit, memory.output.fired[15]))
    }
    // 0.75 -> 0.375 + 0.75 fires -> 0.5625 + 0.75 - 1 -> 0.15625 + 0.75 -> 0.453125 + 0.75 fires
    #expect(seen.map(\.0) == [0.75, 1.125, 0.3125, 0.90625, 1.203125])
    #expect(seen.map(\.1) == [0, 1, 0, 0, 1])
  }

  /// The currents bring no state so near to the threshold that integers and Double could disagree about a spike.
  @Test(arguments: [(0.5, 0.61), (0.9, 0.61), (0.99, 0.53)])
  func followsItsEquation(_ decay: Double, _ current: Double) throws {
    let memory = try neurons(decay: decay, current: current)
    guard case .lif(let neurons) = memory.neurons else { preconditionFailure("not LIF") }
    var (u, s, largest, spikes) = (0.0, 0.0, 0.0, 0)
    for _ in 0..<3000 {
      memory.step()
      u = decay * u + current - s
      s = u > 1 ? 1 : 0
      largest = max(largest, abs(Double(neurons.membrane_qF[15]) / Self.unit - u))
      try #require(Double(memory.output.fired[15]) == s)
      spikes += Int(s)
    }
    print("measured: LIF al \(decay): \(largest) of the threshold after 3,000 steps, \(spikes) spikes")
    #expect(largest < 0.0005)
    #expect(spikes > 500)
    #expect(memory.counter.saturations == 0)
  }
}
