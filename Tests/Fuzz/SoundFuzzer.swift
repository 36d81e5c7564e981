import AudioInput
import Glibc

/// Sound through the decoder, mixer and resampler: as a file, then from a pipe, where nothing can be looked at twice.
enum SoundFuzzer {
  static func run(_ data: UnsafeRawBufferPointer) {
    let file = MemoryFile(data)
    defer { file.close() }
    if let source = try? openInput(path: file.path) { readAll(source) }
    fromPipe(data)
  }

  private static func fromPipe(_ data: UnsafeRawBufferPointer) {
    var ends: [Int32] = [0, 0]
    expect(pipe(&ends) == 0, "no pipe")
    defer { close(ends[0]) }
    // A pipe takes 64 KiB before somebody reads.
    let count = min(data.count, 1 << 16)
    expect(write(ends[1], data.baseAddress, count) == count || count == 0, "the pipe is full")
    close(ends[1])
    readAll(StandardInput(descriptor: ends[0]))
  }
}

/// Some seconds of it: a few bytes may declare years.
private func readAll(_ source: any AudioSource) {
  let block = UnsafeMutableBufferPointer<Int16>.allocate(capacity: 700)
  defer { block.deallocate() }
  for _ in 0..<200 {
    guard let read = try? source.read(into: block) else { return }
    guard case .samples(let count) = read else { return }
    expect((1...block.count).contains(count), "\(count) samples")
  }
}
