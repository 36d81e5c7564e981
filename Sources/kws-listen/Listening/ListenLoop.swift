import AudioInput
import CommandSupport
import KeywordSpotter
import Synchronization

/// The audio path: reads a source and spots, and hands events to another thread through a ring.
///
/// `run` belongs to one thread. It neither allocates nor locks nor writes to a file: it reads the source, computes, and
/// writes one byte to a pipe for each event. The same loop serves microphones, files and pipes.
final class ListenLoop: @unchecked Sendable {
  /// Samples that one read may hand over: 20 ms, so that an event is at most that late.
  static let block_samples = outputRate_hz / 50

  let ring = EventRing()
  let wakePipe: WakePipe
  private let source: any AudioSource
  private let stop: StopRequest
  private let isLive: Bool
  private let limit_samples: Int64
  private let block: UnsafeMutableBufferPointer<Int16>
  private let setUp: SpotterSetUp
  private let finished = Atomic<Bool>(false)

  /// Samples heard. To be read once `isFinished`, as what follows.
  private(set) var sampleCount: Int64 = 0
  private(set) var overrunCount = 0
  /// Events that found the ring full; always 0 unless live.
  private(set) var lostEventCount = 0
  /// The loudest sample heard, 0...32768.
  private(set) var peak: UInt16 = 0
  private var hasToldOfSilence = false
  /// Why the source failed, if it did.
  private(set) var error: AudioError?

  /// - Parameters:
  ///   - isLive: time does not wait; else the loop waits for whoever prints, and no event is lost.
  ///   - limit_samples: ends after so many.
  init(
    source: any AudioSource, setUp: SpotterSetUp, stop: StopRequest, isLive: Bool, limit_samples: Int64
  ) throws(Failure) {
    self.source = source
    self.setUp = setUp
    self.stop = stop
    self.isLive = isLive
    self.limit_samples = limit_samples
    wakePipe = try WakePipe()
    block = .allocate(capacity: ListenLoop.block_samples)
    block.initialize(repeating: 0)
  }

  deinit { block.deallocate() }

  /// Whether the loop has ended and every event is in the ring.
  var isFinished: Bool { finished.load(ordering: .acquiring) }

  /// Runs until the source ends or fails, the limit is reached or a stop is requested.
  func run() {
    do throws(AudioError) {
      reading: while sampleCount < limit_samples {
        // A live source waits on the descriptor itself; a file would run on to its end.
        if !isLive && stop.isRequested { break }
        let wanted = Int(min(Int64(block.count), limit_samples - sampleCount))
        switch try source.read(into: UnsafeMutableBufferPointer(rebasing: block[..<wanted])) {
        case .samples(let count): spot(UnsafeBufferPointer(rebasing: block[..<count]))
        case .gap: restart()
        case .end: break reading
        }
      }
    } catch {
      self.error = error
    }
    finished.store(true, ordering: .releasing)
    wakePipe.wake()
  }

  private func spot(_ samples: UnsafeBufferPointer<Int16>) {
    var rest = samples
    while let event = setUp.spotter.accept(&rest) { send(.keyword(event)) }
    sampleCount = setUp.spotter.position
    for sample in samples { peak = max(peak, sample.magnitude) }
    if isSilent && !hasToldOfSilence {
      hasToldOfSilence = true
      send(.silence(position: sampleCount))
    }
  }

  /// Whether nothing was heard for longer than a person waits before the first word. A microphone that works is never below a
  /// thousandth of full scale for so long, and one that is muted by a switch is not always exactly zero.
  var isSilent: Bool { peak < 33 && sampleCount >= Int64(10 * outputRate_hz) }

  private func restart() {
    setUp.spotter.reset()
    overrunCount += 1
    send(.overrun(count: overrunCount, position: sampleCount))
  }

  private func send(_ event: ListenEvent) {
    while !ring.push(event) {
      guard !isLive, !stop.wait(timeout_ms: 2) else {
        lostEventCount += 1
        return
      }
    }
    wakePipe.wake()
  }
}
