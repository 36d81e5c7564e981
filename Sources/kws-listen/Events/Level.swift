import AudioInput
import Glibc

/// How loud some sound was: sums over samples at 16 kHz, which can be added up.
struct Level: Equatable, Sendable, BitwiseCopyable {
  var count: Int64 = 0
  /// The largest magnitude, 0...32768.
  var peak: UInt16 = 0
  /// Sixty-four bits would be full after six days of the loudest sound.
  var squares: Int128 = 0
  /// Samples at the end of the range.
  var clipped: Int64 = 0
  /// The same sums of what lies above 4.8 kHz, over every eighth block.
  var highSquares: Int128 = 0
  var allSquaresBesideHigh: Int128 = 0
  /// Of the source, since its beginning: no sum.
  var balance: ChannelBalance?
  /// The largest float of the source, since its beginning.
  var largestFloat: Float?

  mutating func add(_ other: Level) {
    count += other.count
    peak = max(peak, other.peak)
    squares += other.squares
    clipped += other.clipped
    highSquares += other.highSquares
    allSquaresBesideHigh += other.allSquaresBesideHigh
    balance = other.balance ?? balance
    largestFloat = other.largestFloat ?? largestFloat
  }

  /// In dB below full scale; nil for nothing but zeros.
  var peak_dBFS: Double? { peak == 0 ? nil : 20 * log10(Double(peak) / 32_768) }
  var mean_dBFS: Double? {
    squares == 0 ? nil : 10 * log10(Double(squares) / Double(count) / 0x1p30)
  }
  /// What lies above 4.8 kHz beside all; nil for silence.
  var high_dB: Double? {
    allSquaresBesideHigh == 0 ? nil : 10 * log10(max(Double(highSquares), 1) / Double(allSquaresBesideHigh))
  }
}
