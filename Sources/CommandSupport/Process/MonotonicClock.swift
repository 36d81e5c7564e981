import Glibc

/// Time that only runs forward.
package enum MonotonicClock {
  package static var now_ns: UInt64 { read(CLOCK_MONOTONIC) }

  /// Runs on while the machine sleeps.
  package static var bootTime_ns: UInt64 { read(CLOCK_BOOTTIME) }

  /// Time that this thread computed: it stands still while others have the core.
  package static var threadTime_ns: UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

  package static func seconds(since start_ns: UInt64) -> Double { Double(now_ns - start_ns) * 1e-9 }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
