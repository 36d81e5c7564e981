import CALSA

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
