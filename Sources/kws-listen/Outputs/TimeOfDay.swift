import Glibc

/// A time of day in UTC, to a millisecond.
struct TimeOfDay: Equatable, Sendable {
  let seconds: Int
  let milliseconds: Int

  static var now: TimeOfDay {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return TimeOfDay(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
  }

  /// This time, or a millisecond after the last, where that is not earlier: so that two names with a time in them are not one. A
  /// clock that was set back by a second or more is followed.
  func following(_ last: TimeOfDay?) -> TimeOfDay {
    guard let last else { return self }
    let ahead_ms = 1000 * (last.seconds - seconds) + last.milliseconds - milliseconds
    guard (0..<1000).contains(ahead_ms) else { return self }
    let isLastOfItsSecond = last.milliseconds == 999
    return TimeOfDay(
      seconds: last.seconds + (isLastOfItsSecond ? 1 : 0), milliseconds: isLastOfItsSecond ? 0 : last.milliseconds + 1)
  }

  /// RFC 3339, such as `2026-11-25T16:50:03.123Z`.
  var text: String { formatted("%Y-%m-%dT%H:%M:%S") + "." + threeDigits + "Z" }

  /// The same as part of a file's name, which sorts by time: `20261125T165003.123Z`.
  var fileName: String { formatted("%Y%m%dT%H%M%S") + "." + threeDigits + "Z" }

  private var threeDigits: String {
    let digits = String(milliseconds)
    return String(repeating: "0", count: 3 - digits.count) + digits
  }

  private func formatted(_ format: String) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    var buffer = [CChar](repeating: 0, count: 64)
    let count = strftime(&buffer, buffer.count, format, &parts)
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
