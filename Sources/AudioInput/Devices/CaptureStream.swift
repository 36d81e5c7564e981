import CALSA
import Glibc

/// An open capture device and what is asked of it while it runs: nothing else on the read path touches alsa-lib. A class that
/// can be overridden, so that a test can script what a device answers.
class CaptureStream {
  enum Outcome {
    case ready
    case stopped
    case failed(Int32)
  }

  static let patience_ms: Int32 = 10_000

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

  func stopIsRequested(within_ms: Int32 = 0) -> Bool {
    poll(descriptors.start + (descriptors.count - 1), 1, within_ms) > 0
  }

  func waitForSamples() -> Outcome {
    let ready = poll(descriptors.start, nfds_t(descriptors.count), Self.patience_ms)
    if ready < 0 { return errno == EINTR ? .ready : .failed(-errno) }
    if ready == 0 { return .failed(-ETIMEDOUT) }
    if descriptors.start[descriptors.count - 1].revents != 0 { return .stopped }
    var events: UInt16 = 0
    snd_pcm_poll_descriptors_revents(pcm, descriptors.start, UInt32(descriptors.count - 1), &events)
    if Int32(events) & (POLLERR | POLLHUP | POLLNVAL) != 0 {
      if snd_pcm_state(pcm) == SND_PCM_STATE_DISCONNECTED { return .failed(-ENODEV) }
      // The next read says what it is. If it says nothing, this must not become a busy loop.
      _ = stopIsRequested(within_ms: 1)
    }
    return .ready
  }
}
