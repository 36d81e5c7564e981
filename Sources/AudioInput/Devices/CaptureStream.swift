import CALSA
import Glibc

/// An open capture device and what is asked of it while it runs: nothing else on the read path touches alsa-lib. A class that
/// can be overridden, so that a test can script what a device answers.
class CaptureStream {
  enum Outcome {
    case ready
    case stopped
    case nothing
    case failed(Int32)
  }

  private let pcm: OpaquePointer?
  /// The device's descriptors, and the stop descriptor last (-1, which poll passes over, if there is none).
  private let descriptors: FixedBuffer<pollfd>

  /// Owns the device from here on.
  init(pcm: OpaquePointer?, stopDescriptor: Int32?) {
    self.pcm = pcm
    let count = pcm.map { Int(max(snd_pcm_poll_descriptors_count($0), 0)) } ?? 0
    descriptors = FixedBuffer(count: count + 1, filledWith: pollfd(fd: -1, events: Int16(POLLIN), revents: 0))
    if let pcm { snd_pcm_poll_descriptors(pcm, descriptors.start, UInt32(count)) }
    descriptors.start[count].fd = stopDescriptor ?? -1
  }

  deinit {
    if let pcm { snd_pcm_close(pcm) }
  }

  /// Frames read, without waiting; or alsa-lib's negative error, -EAGAIN when there are none.
  func read(into target: UnsafeMutableRawPointer, frames: Int) -> Int {
    snd_pcm_readi(pcm, target, snd_pcm_uframes_t(frames))
  }

  func prepare() -> Int32 { snd_pcm_prepare(pcm) }

  func resume() -> Int32 { snd_pcm_resume(pcm) }

  func now_ms() -> Int64 { bootTime_ms() }

  /// Time that stands still while the machine sleeps: what a device is given to answer.
  func awake_ms() -> Int64 { clock_ms(CLOCK_MONOTONIC) }

  /// Also the way to wait: whoever says stop ends it.
  func stopIsRequested(within_ms: Int32 = 0) -> Bool {
    poll(descriptors.start + (descriptors.count - 1), 1, within_ms) > 0
  }

  func waitForSamples(within_ms: Int32) -> Outcome {
    let ready = poll(descriptors.start, nfds_t(descriptors.count), within_ms)
    if ready < 0 { return errno == EINTR ? .ready : .failed(-errno) }
    if ready == 0 { return .nothing }
    if descriptors.start[descriptors.count - 1].revents != 0 { return .stopped }
    var events: UInt16 = 0
    snd_pcm_poll_descriptors_revents(pcm, descriptors.start, UInt32(descriptors.count - 1), &events)
    if Int32(events) & (POLLERR | POLLHUP | POLLNVAL) != 0, snd_pcm_state(pcm) == SND_PCM_STATE_DISCONNECTED {
      return .failed(-ENODEV)
    }
    // Else the next read says what it is.
    return .ready
  }
}

/// Time that runs while the machine sleeps, too: what a suspend costs is sound lost.
func bootTime_ms() -> Int64 { clock_ms(CLOCK_BOOTTIME) }

private func clock_ms(_ clock: clockid_t) -> Int64 {
  var time = timespec()
  clock_gettime(clock, &time)
  return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
