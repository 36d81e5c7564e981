import Foundation
import Testing

@testable import LogMel

@Suite struct TableTests {
  @Test func rootsOfUnityAreThoseOfTheFloatUnit() {
    for i in 0..<512 {
      let angle = 2 * Double.pi * Double(i) / 512
      #expect(abs(Double(sine_q30(i)) - sin(angle) * 0x1p30) < 0.51)
      #expect(abs(Double(cosine_q30(i)) - cos(angle) * 0x1p30) < 0.51)
    }
  }

  @Test func logarithmIsThatOfTheFloatUnit() {
    let table = UnsafeMutablePointer<Int32>.allocate(capacity: Logarithm.entryCount)
    defer { table.deallocate() }
    let logarithm = Logarithm(table: table)
    var values: [Int64] = [Int64.max, (1 << 62) - 1, 3, 12_345_678_901]
    for exponent in 0...62 as ClosedRange<Int64> {
      let power: Int64 = 1 << exponent
      values += [power, power + 1, power | power >> 1]
    }
    for step in 0..<4_096 { values.append((1 << 40) + Int64(step) << 28) }
    for value in values {
      let error = Double(logarithm(value, fractionBits: 30)) / 0x1p24 - (log(Double(value)) - 30 * log(2))
      #expect(abs(error) < 0x1p-14, "ln of \(value)")
    }
  }
}
