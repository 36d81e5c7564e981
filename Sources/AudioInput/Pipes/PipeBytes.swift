import Glibc

/// A pipe (or anything else that only goes forward), read as it comes. While libsndfile reads a header, what came is kept, up to
/// a limit, so that it can look again; seeks beyond the limit pretend that the stream ends there, which is what makes
/// libsndfile stop looking for chunks after the samples.
final class PipeBytes: ByteSource {
  static let cacheLimit = 1 << 18
  private static let pause_ms: Int32 = 10

  private let descriptor: Int32
  /// What to wait for: the pipe, and the stop descriptor if there is one.
  private let waiting: FixedBuffer<pollfd>
  private let closesDescriptor: Bool
  private var cache: [UInt8] = []
  /// Where in the stream the cache begins: 0, or behind what was skipped.
  private var cacheStart: Int64 = 0
  /// Bytes taken from the pipe.
  private var taken: Int64 = 0
  private var keepsCache = true
  /// Where another part begins, nothing more is given until `beginNextPart`.
  private var scanner: PartScanner?
  /// Taken from the pipe before it was asked for, of which the first `released` may be given.
  private var ahead: [UInt8] = []
  private var released = 0
  private var isAtBoundary = false
  private static let tail_bytes = 256
  private var isFLAC = false
  /// The last bytes of a part that were given.
  private var tail: [UInt8] = []
  /// Where it seems to end to whoever reads it.
  var limit: Int64 = .max
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
    let count = Int(min(Int64(count), max(0, limit - position)))
    guard count > 0 else { return 0 }
    if keepsCache && position > taken - Int64(count) {
      guard position - taken <= Int64(Self.cacheLimit - cache.count) else { return 0 }
      fillCache(to: position + Int64(count))
    }
    var done = 0
    if let kept = keptBytes(atMost: count, into: target) { done = kept }
    guard position == taken else { return done }
    while done < count {
      let got = readSome(into: target + done, count: count - done)
      if got == 0 { break }
      done += got
      position += Int64(got)
    }
    return done
  }

  /// From the beginning again, as a stream of this kind, which ends where another one begins. What was read so far must have been
  /// kept.
  func splitParts(_ kind: PartScanner.Kind) {
    ahead = cache + ahead
    (cache, cacheStart, taken, position, released) = ([], 0, 0, 0, 0)
    scanner = PartScanner(kind)
    (isFLAC, tail) = (kind == .flac, [])
    release()
  }

  /// Whether the stream goes on with another part, which is then read from position 0. What is left of this one, a tag, say, is
  /// passed over.
  func beginNextPart() -> Bool {
    guard scanner != nil else { return false }
    keepsCache = false
    position = taken
    skip(.max)
    guard isAtBoundary else { return false }
    (cache, cacheStart, taken, position) = ([], 0, 0, 0)
    (isAtBoundary, keepsCache, scanner) = (false, true, nil)
    released = ahead.count
    return true
  }

  override func lastBytes() -> [UInt8] {
    keepsCache = false
    position = taken
    skip(.max)
    return tail
  }

  /// Forgets so many bytes from the beginning on, at least as many as were looked at: the stream then begins behind them.
  func drop(_ count: Int64) {
    keepsCache = false
    _ = seek(to: 0)
    skip(count)
    (cache, cacheStart, taken, position, keepsCache) = ([], 0, 0, 0, true)
  }

  /// Passes over bytes. Where they are more than can be kept, what came before cannot be looked at again, and keeping begins
  /// behind them.
  func skip(_ count: Int64) {
    let isTooMuch = keepsCache && position + count > cacheStart + Int64(Self.cacheLimit)
    if isTooMuch { keepsCache = false }
    defer {
      if isTooMuch { (cache, cacheStart, keepsCache) = ([], taken, true) }
    }
    var left = count
    var block = [UInt8](repeating: 0, count: Int(min(max(left, 1), 1 << 16)))
    while left > 0 {
      let got = block.withUnsafeMutableBytes { read(into: $0.baseAddress!, count: Int(min(left, Int64($0.count)))) }
      if got == 0 { return }
      left -= Int64(got)
    }
  }

  /// What is there now, at least one byte, for a stream that is read from its current position. 0: end, stop or failure.
  func readAvailable(into target: UnsafeMutableRawPointer, count: Int) -> Int {
    if let kept = keptBytes(atMost: count, into: target) {
      return waiting.count > 1 && stopIsRequested(within_ms: 0) ? 0 : kept
    }
    let got = readSome(into: target, count: count)
    position += Int64(got)
    return got
  }

  /// At a place behind all that is wanted, from where on `SoundRest` looks. false: it was passed already, and nothing of it was kept.
  func goOn(at end: Int64) -> Bool {
    limit = .max
    if end < taken {
      let kept = end - cacheStart
      guard kept >= 0, cacheStart + Int64(cache.count) == taken else { return false }
      ahead = Array(cache[Int(kept)...]) + ahead
      (released, taken) = (ahead.count, end)
    }
    (cache, keepsCache, position) = ([], false, taken)
    skip(end - taken)
    return taken == end
  }

  func peek(_ count: Int) -> [UInt8] {
    while ahead.count < count {
      let before = ahead.count
      ahead += [UInt8](repeating: 0, count: count - before)
      let got = ahead.withUnsafeMutableBytes {
        readPipe(into: $0.baseAddress! + before, count: count - before, counts: false)
      }
      ahead.removeLast(count - before - got)
      if got == 0 { break }
    }
    released = ahead.count
    return Array(ahead.prefix(count))
  }

  /// The stream begins here.
  func beginHere() {
    (cache, cacheStart, taken, position, keepsCache) = ([], 0, 0, 0, true)
    released = ahead.count
  }

  /// Of the first bytes, which stay to be read, at most so many: those that are there already.
  func available(_ count: Int) -> [UInt8] {
    while keepsCache, cacheStart == 0, cache.count < count, !ended, poll(waiting.start, 1, 0) > 0 {
      let before = cache.count
      cache += [UInt8](repeating: 0, count: count - before)
      let got = cache.withUnsafeMutableBytes { readSome(into: $0.baseAddress! + before, count: count - before) }
      cache.removeLast(count - before - got)
      if got == 0 { break }
    }
    return Array(cache.prefix(count))
  }

  /// What was kept at `position`, at least one byte; nil: nothing was.
  private func keptBytes(atMost count: Int, into target: UnsafeMutableRawPointer) -> Int? {
    let at = position - cacheStart
    guard (0..<Int64(cache.count)).contains(at), count > 0 else { return nil }
    let part = min(count, cache.count - Int(at))
    cache.withUnsafeBytes { target.copyMemory(from: $0.baseAddress! + Int(at), byteCount: part) }
    position += Int64(part)
    return part
  }

  private func fillCache(to end: Int64) {
    let end = min(end, cacheStart + Int64(Self.cacheLimit))
    while taken < end {
      let before = cache.count
      let wanted = Int(end - taken)
      cache.append(contentsOf: repeatElement(0, count: wanted))
      let got = cache.withUnsafeMutableBytes { readSome(into: $0.baseAddress! + before, count: wanted) }
      cache.removeLast(wanted - got)
      if got == 0 { return }
    }
  }

  /// One read, after waiting for it, or what was taken ahead. Counts what was taken.
  private func readSome(into target: UnsafeMutableRawPointer, count: Int) -> Int {
    guard scanner != nil || !ahead.isEmpty else { return readPipe(into: target, count: count, counts: true) }
    while released == 0 && !isAtBoundary {
      let before = ahead.count
      ahead += [UInt8](repeating: 0, count: 4096)
      let got = ahead.withUnsafeMutableBytes { readPipe(into: $0.baseAddress! + before, count: 4096, counts: false) }
      ahead.removeLast(4096 - got)
      release()
      if got == 0 { break }
    }
    let part = min(released, count)
    ahead.withUnsafeBytes { bytes in
      if part > 0 { target.copyMemory(from: bytes.baseAddress!, byteCount: part) }
    }
    if isFLAC { tail = Array((tail + ahead[..<part]).suffix(Self.tail_bytes)) }
    ahead.removeFirst(part)
    released -= part
    taken += Int64(part)
    return part
  }

  /// Looks at what came: which of it belongs to this part?
  private func release() {
    guard scanner != nil else {
      released = ahead.count
      return
    }
    let isEnd = ended || stopped || errorNumber != 0
    let (more, isBoundary) = ahead.withUnsafeBytes {
      scanner!.scan(UnsafeRawBufferPointer(rebasing: $0[released...]), isEnd: isEnd)
    }
    released += more
    isAtBoundary = isBoundary
  }

  private func readPipe(into target: UnsafeMutableRawPointer, count: Int, counts: Bool) -> Int {
    var fruitless = 0
    while !ended && !stopped && errorNumber == 0 {
      // Interrupted again and again, or told of bytes that are not there: no busy loop, and not deaf to a stop.
      if fruitless >= 2 && stopIsRequested(within_ms: Self.pause_ms) { break }
      fruitless += 1
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
        if counts { taken += Int64(got) }
        return got
      }
      if got == 0 { ended = true } else if errno != EINTR && errno != EAGAIN { errorNumber = errno }
    }
    return 0
  }

  private func stopIsRequested(within_ms: Int32) -> Bool {
    stopped = poll(waiting.start + 1, nfds_t(waiting.count - 1), within_ms) > 0
    return stopped
  }
}

extension PipeBytes: OnwardBytes {
  func pass(_ count: Int64) -> Int64 {
    let before = taken
    position = taken
    skip(count)
    return taken - before
  }
}
