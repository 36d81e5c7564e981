// example
import SiLIF

/// The most probable class after the last frame of a clip. Each frame has `model.header.inputCount` values.
func lastWinner(frames: [[Int16]], modelBytes: UnsafeRawBufferPointer) throws -> Int {
  let model = try Model(bytes: modelBytes)  // checked as a whole; used where it lies
  let memory = UnsafeMutableRawBufferPointer.allocate(
    byteCount: Network.requiredBytes(for: model), alignment: 64)
  defer { memory.deallocate() }
  let network = Network(model: model, memory: memory)
  for frame in frames { network.step(frame) }  // one step each; nothing allocates here
  let classes = 0..<model.header.classCount
  return classes.max { network.probabilities_q15[$0] < network.probabilities_q15[$1] }!
}
// end
