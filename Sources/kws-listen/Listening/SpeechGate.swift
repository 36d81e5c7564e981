import AudioInput
import Glibc

/// Whether somebody may be speaking: sound that rises above what the room sounds like. `--gate` lets words pass only then, so that
/// a fan, an engine or a steady hum never says one.
///
/// The room is the quietest tenth of a second of the last eight seconds: whoever speaks pauses more often than that.
final class SpeechGate {
  /// A word is decided up to a window and a bit after it was loud.
  private let hold_samples = Int64(outputRate_hz)
  private let frame_samples = outputRate_hz / 50
  private let smoothed_frames = 5
  private let floor_seconds = 8
  /// One unit of each sample: below it, silence is silence.
  private let least_energy = Int64(outputRate_hz / 10)

  private let ratio_q8: Int64
  /// Energies of the last frames, and the lowest sums of them in each of the last seconds.
  private let frames: UnsafeMutablePointer<Int64>
  private let floors: UnsafeMutablePointer<Int64>
  private var offset = OffsetFilter()
  private var energy: Int64 = 0
  private var count = 0
  private var frame = 0
  private var position: Int64 = 0
  private var lastOpen_position = Int64.min / 2

  /// - Parameter rise_dB: how far sound must rise above the room, 0...40.
  init(rise_dB: Double) {
    ratio_q8 = Int64((256 * pow(10, rise_dB / 10)).rounded())
    frames = .allocate(capacity: smoothed_frames)
    frames.initialize(repeating: 0, count: smoothed_frames)
    floors = .allocate(capacity: floor_seconds)
    floors.initialize(repeating: .max, count: floor_seconds)
  }

  deinit {
    frames.deallocate()
    floors.deallocate()
  }

  /// Whether it was loud within the last second.
  var isOpen: Bool { position &- lastOpen_position <= hold_samples }

  /// The result does not depend on the blocks' sizes.
  @_noAllocation @_noLocks
  func accept(_ samples: UnsafeBufferPointer<Int16>) {
    for each in samples {
      let sample = offset.remove(from: each)
      energy &+= Int64(sample) &* Int64(sample)
      count &+= 1
      if count == frame_samples { endFrame() }
    }
  }

  @_noAllocation @_noLocks
  private func endFrame() {
    position &+= Int64(count)
    frames[frame % smoothed_frames] = energy
    (energy, count) = (0, 0)
    frame &+= 1
    guard frame >= smoothed_frames else { return }
    var sum: Int64 = 0
    for each in 0..<smoothed_frames { sum &+= frames[each] }
    let second = frame / 50 % floor_seconds
    if frame % 50 == 0 { floors[second] = .max }
    floors[second] = min(floors[second], sum)
    var floor = Int64.max
    for each in 0..<floor_seconds { floor = min(floor, floors[each]) }
    floor = max(floor, least_energy)
    // At most 1600 · 2^32 and 10^4 · 2^8.
    if sum >= (floor &* ratio_q8) >> 8 { lastOpen_position = position }
  }
}
