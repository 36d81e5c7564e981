import AudioInput
import CommandSupport
import FileNames
import Glibc

/// Tells the service manager (systemd, `Type=notify`) that the command runs and is alive: datagrams to the socket in
/// NOTIFY_SOCKET, as sd_notify would send them.
///
/// It is alive while sound goes through it, and while it waits for a device that was lost.
final class NotifySink: EventSink {
  private let descriptor: Int32
  private var address: sockaddr_un
  private let length: socklen_t
  private let interval_ns: UInt64
  private var last_ns: UInt64 = 0
  private var isDeviceLost = false

  /// nil where no service manager asks to be told.
  ///
  /// - Parameters:
  ///   - path: NOTIFY_SOCKET: a path, or `@` and a name.
  ///   - watchdog_us: WATCHDOG_USEC, after which silence counts as death.
  init?(path: String?, watchdog_us: String?) {
    guard let path, path.hasPrefix("/") || path.hasPrefix("@"), fileNameBytes(path).count < 108 else { return nil }
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { bytes in
      bytes.copyBytes(from: fileNameBytes(path))
      if path.hasPrefix("@") { bytes[0] = 0 }
    }
    length = socklen_t(MemoryLayout<sa_family_t>.size + fileNameBytes(path).count)
    // At most 584 years.
    interval_ns = min(watchdog_us.flatMap { UInt64($0) } ?? 0, .max / 1000) * 1000 / 4
  }

  deinit { close(descriptor) }

  func start() { send("READY=1\nSTATUS=listening") }

  func write(_ event: ListenEvent) throws {
    switch event {
    case .deviceLost(let cause, _):
      isDeviceLost = true
      send("STATUS=no sound from the device (\(cause.rawValue)); waiting for it")
    case .gap where isDeviceLost:
      isDeviceLost = false
      send("STATUS=listening")
    case .level: beat()
    default: break
    }
  }

  func tick() {
    if isDeviceLost { beat() }
  }

  private func beat() {
    let now_ns = MonotonicClock.now_ns
    guard interval_ns > 0, now_ns - last_ns >= interval_ns else { return }
    last_ns = now_ns
    send("WATCHDOG=1")
  }

  func finish(isInterrupted: Bool) { send("STOPPING=1") }

  private func send(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { bytes in
      withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), $0, length)
        }
      }
    }
  }
}
