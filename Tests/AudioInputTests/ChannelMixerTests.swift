import Testing

@testable import AudioInput

@Suite struct ChannelMixerTests {
  @Test func equalsThePythonReference() throws {
    for golden in try Golden.load().mixer {
      let output = mix(noise(golden.frames * golden.channels, seed: UInt64(golden.channels)), channels: golden.channels)
      #expect(Array(output.prefix(8)) == golden.first, "\(golden.channels) channels")
      #expect(digest(output.map(Int32.init)) == golden.digest, "\(golden.channels) channels")
    }
  }

  @Test func roundsHalfUpAtTheEdges() {
    let edges: [Int16] = [-32_768, -32_767, -2, -1, 0, 1, 2, 32_766, 32_767]
    for left in edges {
      for right in edges {
        // In halves, floor of x + 1/2, by way of positive numbers.
        let expected = (Int(left) + Int(right) + 1 + 131_072) / 2 - 65_536
        #expect(mix([left, right], channels: 2) == [Int16(expected)])
      }
    }
  }

  @Test(arguments: [1, 2, 3, 7, 1024])
  func neverLeavesTheRange(channels: Int) {
    for value: Int16 in [-32_768, 0, 32_767] {
      #expect(mix(.init(repeating: value, count: 2 * channels), channels: channels) == [value, value])
    }
  }
}
