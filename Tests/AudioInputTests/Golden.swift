import Foundation

/// The vectors that `python -m silif_tools.integer.resampler_golden` wrote.
struct Golden: Decodable {
  struct Resampling: Decodable {
    let rate_hz: Int
    let frames: Int
    let count: Int
    let first: [Int16]
    let digest: String
    let taps: Int?
    let phases: Int?
    let blended: Bool?
    let bank: String?
  }

  struct Mixing: Decodable {
    let channels: Int
    let frames: Int
    let first: [Int16]
    let digest: String
  }

  let generator: String
  let resampler: [Resampling]
  let mixer: [Mixing]

  static func load() throws -> Golden {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let data = try Data(contentsOf: here.appendingPathComponent("Golden/resampler.json"))
    return try JSONDecoder().decode(Golden.self, from: data)
  }
}

/// Full-scale noise, the same as the generator's.
func noise(_ count: Int, seed: UInt64) -> [Int16] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int16(truncatingIfNeeded: state >> 48)
  }
}

/// FNV-1a, 64 bits, over the values as int32 little-endian.
func digest(_ values: some Sequence<Int32>) -> String {
  var state: UInt64 = 0xcbf2_9ce4_8422_2325
  for value in values {
    for shift: Int32 in [0, 8, 16, 24] { state = (state ^ UInt64((value >> shift) & 0xff)) &* 0x100_0000_01b3 }
  }
  let hex = String(state, radix: 16)
  return String(repeating: "0", count: 16 - hex.count) + hex
}
