// example
import AudioInput

/// Everything in a sound file or a pipe, as 16 kHz mono.
func audio(at path: String) throws -> [Int16] {
  let source: any AudioSource = try openInput(path: path)  // or ALSACapture(device: "hw:0")
  let block = UnsafeMutableBufferPointer<Int16>.allocate(capacity: 1600)
  defer { block.deallocate() }
  var samples: [Int16] = []
  while true {
    switch try source.read(into: block) {  // waits for at least one sample
    case .samples(let count): samples += block[..<count]
    case .lost: break  // a device that is being waited for
    case .gap: samples.removeAll()  // an overrun: what came before does not join what comes next
    case .end: return samples
    }
  }
}
// end
