/// Axonal delays behind real-valued input: a ring of frames, read at each input's own delay.
///
/// Memory: (maximumDelay + 1) · inputs · 2 bytes. Before the first frame the input is 0.
struct FrameRing {
  private let frames: UnsafeMutablePointer<Int16>
  private let inputs: Int
  private let slots: Int

  init(inputs: Int, maximumDelay: Int, arena: inout Arena) {
    self.inputs = inputs
    slots = maximumDelay + 1
    frames = arena.reserve(Int16.self, inputs * slots)
  }

  @_noAllocation @_noLocks
  func reset() {
    for index in 0..<inputs &* slots { frames[index] = 0 }
  }

  /// Stores `frame` in `slot` and writes to `delayed` what arrives now. The two may be the same memory.
  @_noAllocation @_noLocks
  func exchange(
    frame: UnsafePointer<Int16>, slot: Int, delays: UnsafePointer<UInt8>, delayed: UnsafeMutablePointer<Int16>
  ) {
    let row = frames + slot &* inputs
    for index in 0..<inputs { row[index] = frame[index] }
    for index in 0..<inputs {
      var source = slot &- Int(delays[index])
      if source < 0 { source &+= slots }
      delayed[index] = frames[source &* inputs &+ index]
    }
  }
}
