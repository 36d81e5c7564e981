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
  /// The longest gap that is filled with silence while the state goes on; after a longer one the network starts anew. Measured:
  /// docs/AUDIO-INPUT.md, "Gaps".
  static let mostFilled_samples = Int64(outputRate_hz)

  let ring = EventRing()
  let wakePipe: WakePipe
  private let source: any AudioSource
  private let stop: StopRequest
  private let isLive: Bool
  private let limit_samples: Int64
  private let end = Atomic<Int64>(.max)
  private let block: UnsafeMutableBufferPointer<Int16>
  private let silence: UnsafeMutableBufferPointer<Int16>
  private let setUp: SpotterSetUp
  private let finished = Atomic<Bool>(false)

  /// Samples heard. To be read once `isFinished`, as what follows.
  private(set) var sampleCount: Int64 = 0
  private(set) var gapCount = 0
  /// What is missing in these gaps by the clock.
  private(set) var lostSampleCount: Int64 = 0
  private let lost = Atomic<Int>(0)
  private var meter = LevelMeter()
  private let levelInterval_samples: Int64
  private let savedSound: SoundRing?
  private let nearMisses: NearMissDetector?
  private let gate: SpeechGate?
  /// Why the source failed, if it did.
  private(set) var error: AudioError?

  /// - Parameters:
  ///   - isLive: time does not wait; else the loop waits for whoever prints, and no event is lost.
  ///   - limit_samples: ends after so many.
  ///   - levelInterval_samples: how often levels are told.
  ///   - savedSound: gets all sound.
  ///   - nearMisses: a second detector, with lower thresholds.
  ///   - gate: decides whether a word may pass.
  init(
    source: any AudioSource, setUp: SpotterSetUp, stop: StopRequest, isLive: Bool, limit_samples: Int64,
    levelInterval_samples: Int = outputRate_hz, savedSound: SoundRing? = nil, nearMisses: NearMissDetector? = nil,
    gate: SpeechGate? = nil
  ) throws(Failure) {
    self.savedSound = savedSound
    self.nearMisses = nearMisses
    self.gate = gate
    self.levelInterval_samples = Int64(levelInterval_samples)
    self.source = source
    self.setUp = setUp
    self.stop = stop
    self.isLive = isLive
    self.limit_samples = limit_samples
    wakePipe = try WakePipe()
    block = .allocate(capacity: ListenLoop.block_samples)
    block.initialize(repeating: 0)
    silence = .allocate(capacity: ListenLoop.block_samples)
    silence.initialize(repeating: 0)
  }

  deinit {
    block.deallocate()
    silence.deallocate()
  }

  /// Events that found the ring full; always 0 unless live. Any thread may ask at any time.
  var lostEventCount: Int { lost.load(ordering: .relaxed) }

  /// Whether the loop has ended and every event is in the ring.
  var isFinished: Bool { finished.load(ordering: .acquiring) }

  /// Ends the loop once it has heard so much. For another thread.
  func finish(at position: Int64) { end.store(position, ordering: .relaxed) }

  /// Runs until the source ends or fails, the limit is reached or a stop is requested.
  func run() {
    do throws(AudioError) {
      reading: while sampleCount < min(limit_samples, end.load(ordering: .relaxed)) {
        // A live source waits on the descriptor itself; a file would run on to its end.
        if !isLive && stop.isRequested { break }
        let wanted = Int(min(Int64(block.count), limit_samples - sampleCount))
        switch try source.read(into: UnsafeMutableBufferPointer(rebasing: block[..<wanted])) {
        case .samples(let count):
          let samples = UnsafeBufferPointer(rebasing: block[..<count])
          spot(samples)
          meter.measure(samples)
          // Levels that nobody reads are added up until somebody does.
          if meter.level.count >= levelInterval_samples && !(isLive && ring.isHalfFull) { sendLevel() }
        case .lost(let cause): send(.deviceLost(cause, position: sampleCount))
        case .gap(let loss): bridge(loss)
        case .end: break reading
        }
      }
    } catch {
      self.error = error
    }
    if meter.level.count > 0 { sendLevel() }
    finished.store(true, ordering: .releasing)
    wakePipe.wake()
  }

  /// - Parameter isFilled: silence in the place of what was lost. The gate does not hear it: it would take it for how quiet the
  ///   room is.
  private func spot(_ samples: UnsafeBufferPointer<Int16>, isFilled: Bool = false) {
    if let savedSound {
      // Sound that is not live waits for whoever saves it.
      while !isLive && savedSound.isHalfFull && !stop.wait(timeout_ms: 2) { wakePipe.wake() }
      savedSound.write(samples)
    }
    var rest = samples
    while true {
      let before = rest.count
      let hasStepped = setUp.spotter.step(&rest)
      if !isFilled {
        gate?.accept(UnsafeBufferPointer(rebasing: samples[(samples.count &- before)..<(samples.count &- rest.count)]))
      }
      guard hasStepped else { break }
      if let event = setUp.spotter.event { send(gate?.isOpen ?? true ? .keyword(event) : .gated(event)) }
      if let near = nearMisses?.step(setUp.spotter.pipeline.network.probabilities_q15, at: setUp.spotter.position) {
        send(.nearMiss(near))
      }
    }
    sampleCount = setUp.spotter.position
  }

  private func bridge(_ loss: SoundLoss) {
    // What was opened again lies in new memory.
    if isLive && loss.cause.endsDevice { lockMemory() }
    let isReset = loss.lost_samples > ListenLoop.mostFilled_samples
    if isReset {
      setUp.spotter.reset()
      nearMisses?.reset()
    }
    let filled = isReset ? 0 : min(loss.lost_samples, limit_samples - sampleCount)
    var left = filled
    while left > 0 {
      let count = min(left, Int64(silence.count))
      spot(UnsafeBufferPointer(rebasing: silence[..<Int(count)]), isFilled: true)
      left -= count
    }
    gapCount += 1
    lostSampleCount += loss.lost_samples
    send(.gap(Gap(count: gapCount, loss: loss, filled_samples: filled, isReset: isReset, position: sampleCount)))
  }

  private func sendLevel() {
    var level = meter.take()
    level.balance = source.channelBalance
    level.largestFloat = source.largestFloat
    send(.level(level, position: sampleCount))
  }

  private func send(_ event: ListenEvent) {
    while !ring.push(event) {
      guard !isLive, !stop.wait(timeout_ms: 2) else {
        lost.add(1, ordering: .relaxed)
        return
      }
    }
    wakePipe.wake()
  }
}
