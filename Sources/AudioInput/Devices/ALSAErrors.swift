import CALSA
import Glibc

extension AudioError {
  /// A device that could not be opened. `code` is alsa-lib's, negative.
  static func opening(_ device: String, code: Int32, message: String?) -> AudioError {
    let said = message.map { " (alsa-lib: \($0))" } ?? ""
    switch -code {
    case ENOENT, ENODEV, ENXIO:
      // A card that this user may not open does not exist for alsa-lib.
      if cardsAreForbidden() { return forbidden(device) }
      return AudioError(
        .noSuchDevice, device,
        "no such capture device\(said); `kws-listen --list-devices` shows those there are")
    case EBUSY, EAGAIN:
      return AudioError(
        .deviceBusy, device,
        "is in use by another program; end that (`fuser -v /dev/snd/*` shows it), or share the device by way of "
          + "`default` or a dsnoop device")
    case EACCES, EPERM:
      return forbidden(device)
    case EINVAL:
      return AudioError(
        .noSuchDevice, device,
        "is not a capture device that alsa-lib can open\(said); `kws-listen --list-devices` shows those there are")
    case ECONNREFUSED:
      return AudioError(.io, device, "its sound server does not answer\(said); start it, or name a device like hw:0")
    default:
      return AudioError(.io, device, "cannot be opened: \(text(code))\(said)")
    }
  }

  /// A device that failed while it ran.
  static func running(_ device: String, code: Int32) -> AudioError {
    switch -code {
    case ENODEV, ENOTCONN, ENXIO:
      return AudioError(.noSuchDevice, device, "has gone (unplugged?); plug it in and start again")
    case ETIMEDOUT:
      return AudioError(
        .io, device, "has delivered no samples for 3 s; check the device, plug it in anew", isStill: true)
    default:
      return AudioError(.io, device, "capture failed: \(text(code))")
    }
  }

  static func text(_ code: Int32) -> String { String(cString: snd_strerror(code)) }

  private static func forbidden(_ device: String) -> AudioError {
    AudioError(
      .permissionDenied, device,
      "permission denied; add this user to the group `audio` (sudo usermod -aG audio $USER) and log in again")
  }

  private static func cardsAreForbidden() -> Bool {
    (0..<32).contains { access("/dev/snd/controlC\($0)", R_OK | W_OK) != 0 && errno == EACCES }
  }
}

/// alsa-lib's own messages: never printed, and while a device is being opened the first is kept for an `AudioError`.
struct ALSAMessages: ~Copyable {
  private let text = FixedBuffer<CChar>(count: 256, filledWith: 0)

  /// Keeps the calling thread's messages for as long as this value lives.
  init() { silif_alsa_keep_in(text.start) }

  deinit { silif_alsa_keep_in(nil) }

  /// What alsa-lib said first, if anything.
  var first: String? {
    let lines = String(cString: text.start).split(separator: "\n")
    return lines.first.map(String.init)
  }
}
