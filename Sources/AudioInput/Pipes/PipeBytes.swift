import Glibc

/// A pipe (or anything else that only goes forward), read as it comes. While libsndfile reads a header, what came is kept, up to
/// a limit, so that it can look again; seeks beyond the limit pretend that the stream ends there, which is what makes
/// libsndfile stop looking for chunks after the samples.
final class PipeBytes: ByteSource {
  static let cacheLimit = 1 << 18

  private let descriptor: Int32
  /// What to wait for: the pipe, and the stop descriptor if there is one.
  private let waiting: FixedBuffer<pollfd>
  private let closesDescriptor: Bool
  private var cache: [UInt8] = []
  /// Bytes taken from the pipe.
  private var taken: Int64 = 0
  private var keepsCache = true
  private(set) var stopped = false
  private(set) var ended = false
  private(set) var errorNumber: Int32 = 0

  init(descriptor: Int32, stopDescriptor: Int32?, closesDescriptor: Bool) {
    self.descriptor = descriptor
    waiting = FixedBuffer(count: stopDescriptor == nil ? 1 : 2, filledWith: pollfd())
    waiting.start[0] = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    if let stopDescriptor { waiting.start[1] = pollfd(fd: stopDescriptor, events: Int16(POLLIN), revents: 0) }
    self.closesDescriptor = closesDescriptor
  }

  deinit { if closesDescriptor { close(descriptor) } }

  override var failure: Int32 { errorNumber }

  /// The header is done: from here on only forward.
  func stopKeeping() { keepsCache = false }

  override func read(into target: UnsafeMutableRawPointer, count: Int) -> Int {
    if keepsCache && position > taken - Int64(count) {
      guard position - taken <= Int64(Self.cacheLimit - cache.count) else { return 0 }
      fillCache(to: position + Int64(count))
    }
    var done = 0
    if position < Int64(cache.count) {
      done = min(count, cache.count - Int(position))
      cache.withUnsafeBytes { target.copyMemory(from: $0.baseAddress! + Int(position), byteCount: done) }
      position += Int64(done)
    }
    guard position == taken else { return done }
    while done < count {
      let got = readSome(into: target + done, count: count - done)
      if got == 0 { break }
      done += got
      position += Int64(got)
    }
    return done
  }

  /// What is there now, at least one byte, for a stream that is read from its current position. 0: end, stop or failure.
  func readAvailable(into target: UnsafeMutableRawPointer, count: Int) -> Int {
    if position < Int64(cache.count) {
      let part = min(count, cache.count - Int(position))
      cache.withUnsafeBytes { target.copyMemory(from: $0.baseAddress! + Int(position), byteCount: part) }
      position += Int64(part)
      return part
    }
    let got = readSome(into: target, count: count)
    position += Int64(got)
    return got
  }

  private func fillCache(to end: Int64) {
    let end = min(end, Int64(Self.cacheLimit))
    while taken < end {
      let before = cache.count
      let wanted = Int(end - taken)
      cache.append(contentsOf: repeatElement(0, count: wanted))
      let got = cache.withUnsafeMutableBytes { readSome(into: $0.baseAddress! + before, count: wanted) }
      cache.removeLast(wanted - got)
      if got == 0 { return }
    }
  }

  /// One read, after waiting for it. Counts what was taken.
  private func readSome(into target: UnsafeMutableRawPointer, count: Int) -> Int {
    while !ended && !stopped && errorNumber == 0 {
      if poll(waiting.start, nfds_t(waiting.count), -1) < 0 {
        if errno == EINTR { continue }
        errorNumber = errno
        return 0
      }
      if waiting.count > 1 && waiting.start[1].revents != 0 {
        stopped = true
        return 0
      }
      let got = Glibc.read(descriptor, target, count)
      if got > 0 {
        taken += Int64(got)
        return got
      }
      if got == 0 { ended = true } else if errno != EINTR && errno != EAGAIN { errorNumber = errno }
    }
    return 0
  }
}
