import Glibc

/// Time that only runs forward.
package enum MonotonicClock {
  package static var now_ns: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Time that this thread computed: it stands still while others have the core.
  package static var threadTime_ns: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  package static func seconds(since start_ns: UInt64) -> Double { Double(now_ns - start_ns) * 1e-9 }
}
