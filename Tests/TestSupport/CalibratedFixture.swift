/// The fixture that hears sound, with sections CALB and CLIP: it is as sure of a clip as half of its score, and of an event as a quarter.
package enum CalibratedFixture {
  /// calibrates, knots, three weights, recent frames, words an hour, reserved, knots.
  package static let clips: [UInt16] = [1, 2, 32768, 0, 0, 0, 0, 0, 0, 0, 32768, 16384]
  package static let events: [UInt16] = [2, 2, 32768, 0, 0, 1, 7, 0, 0, 0, 32768, 8192]
  /// Of five classes, after 7 frames of zeros: tail, classes, reserved, then weight and level of each.
  package static let rule: [UInt16] =
    [7, 5, 0, 0, 0, 0, 0, 0, 32768, 0, 30000, 0, 20000, 999, 32768, 0, 0, 11000]

  /// The file with these sections before its own; with `rules`, CLIP as well.
  package static func bytes(_ calibrations: [[UInt16]] = [clips, events], rules: [[UInt16]] = []) throws -> [UInt8] {
    let file = try TemporaryFolder.bytes(Fixture.audio)
    func number(_ at: Int, _ count: Int) -> Int { (0..<count).reduce(0) { $0 | Int(file[at + $1]) << (8 * $1) } }
    func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let added = calibrations + rules
    let contents = added.map { $0.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] } }
    let padded = contents.map { $0 + [UInt8](repeating: 0, count: (16 - $0.count % 16) % 16) }
    let (count, table) = (number(10, 2), 16 * added.count)
    let moved = table + padded.reduce(0) { $0 + $1.count }
    var entries: [UInt8] = []
    var at = 32 + 16 * count + table
    for (index, (content, padded)) in zip(contents, padded).enumerated() {
      entries += Array((index < calibrations.count ? "CALB" : "CLIP").utf8) + word(at) + word(content.count) + word(0)
      at += padded.count
    }
    for entry in (0..<count).map({ 32 + 16 * $0 }) {
      entries += file[entry..<entry + 4] + word(number(entry + 4, 4) + moved) + file[entry + 8..<entry + 16]
    }
    let head = Array(file[..<10]) + [UInt8(count + added.count), 0] + word(file.count + moved)
    let rest = Array(file[20..<32]) + entries + padded.joined() + file[(32 + 16 * count)...]
    return head + word(Int(checksum(head + rest))) + rest
  }

  /// CRC-32 (IEEE 802.3), bit by bit: the tests' own.
  private static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~0 as UInt32) { state, byte in
      (0..<8).reduce(state ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
  }
}
