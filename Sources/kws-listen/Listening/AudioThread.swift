import CommandSupport
import Glibc

/// A thread for the audio path, which takes no signals.
///
/// Realtime priority and locked memory are asked for where audio is live, and done without where they are refused.
struct AudioThread {
  private let handle: pthread_t
  /// Whether priority and memory are what was asked for, in words.
  let privileges: String

  /// Starts `loop.run()`.
  init(running loop: ListenLoop, isLive: Bool) throws(Failure) {
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

    // What a device takes that is opened again shall fit into what a service may lock.
    if isLive { shareOneHeap() }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    // Enough for alsa-lib to read its configuration when a device is opened again.
    pthread_attr_setstacksize(&attributes, 1 << 20)
    defer { pthread_attr_destroy(&attributes) }

    var handle = pthread_t()
    let retained = Unmanaged.passRetained(loop)
    let code = pthread_create(
      &handle, &attributes,
      { argument in
        let loop = Unmanaged<ListenLoop>.fromOpaque(argument!).takeRetainedValue()
        loop.run()
        return nil
      }, retained.toOpaque())
    guard code == 0 else {
      retained.release()
      throw Failure("cannot start the audio thread: \(systemMessage(code))")
    }
    self.handle = handle
    guard isLive else {
      privileges = ""
      return
    }
    var parameters = sched_param()
    parameters.sched_priority = 10
    let priority = pthread_setschedparam(handle, SCHED_FIFO, &parameters)
    privileges =
      switch (priority == 0, lockMemory()) {
      case (true, true): "real-time priority, memory locked"
      case (true, false): "real-time priority; memory not locked (ulimit -l)"
      case (false, true): "no real-time priority (ulimit -r); memory locked"
      case (false, false): "no real-time priority (ulimit -r), memory not locked (ulimit -l)"
      }
  }

  func join() { pthread_join(handle, nil) }
}

/// Keeps in memory what there is by now: again where a device was opened again.
///
/// - Returns: whether the system allows it.
@discardableResult
func lockMemory() -> Bool {
  // Only what is touched (4 = MCL_ONFAULT): locking whole libraries would cost many times what is used. Not what comes later
  // (MCL_FUTURE), which would be refused where it is too much.
  mlockall(MCL_CURRENT | 4) == 0
}
