import CALSA
import Glibc

/// A device that `ALSACapture` may open.
public struct CaptureDevice: Equatable, Sendable {
  /// What `ALSACapture` takes, such as `hw:0,1`.
  public let name: String
  /// In words, for a person to choose by.
  public let description: String
}

/// The cards' own devices first (`hw:0,1`), then what alsa-lib's configuration offers (`default`, `plughw:CARD=...`).
public func captureDevices() -> [CaptureDevice] {
  let messages = ALSAMessages()
  let devices = cardDevices() + configuredDevices()
  _ = consume messages  // not needed: only kept from being printed
  return devices
}

private func cardDevices() -> [CaptureDevice] {
  var devices: [CaptureDevice] = []
  var card: Int32 = -1
  while snd_card_next(&card) == 0 && card >= 0 {
    var opened: OpaquePointer?
    guard snd_ctl_open(&opened, "hw:\(card)", 0) == 0, let control = opened else { continue }
    defer { snd_ctl_close(control) }
    var device: Int32 = -1
    while snd_ctl_pcm_next_device(control, &device) == 0 && device >= 0 {
      var allocated: OpaquePointer?
      guard snd_pcm_info_malloc(&allocated) == 0, let info = allocated else { continue }
      defer { snd_pcm_info_free(info) }
      snd_pcm_info_set_device(info, UInt32(device))
      snd_pcm_info_set_stream(info, SND_PCM_STREAM_CAPTURE)
      guard snd_ctl_pcm_info(control, info) == 0 else { continue }  // a device that only plays
      let deviceName = String(cString: snd_pcm_info_get_name(info))
      devices.append(CaptureDevice(name: "hw:\(card),\(device)", description: "\(cardName(card)), \(deviceName)"))
    }
  }
  return devices
}

private func cardName(_ card: Int32) -> String {
  var name: UnsafeMutablePointer<CChar>?
  guard snd_card_get_name(card, &name) == 0, let name else { return "card \(card)" }
  defer { free(name) }
  return String(cString: name)
}

private func configuredDevices() -> [CaptureDevice] {
  var found: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
  guard snd_device_name_hint(-1, "pcm", &found) == 0, let hints = found else { return [] }
  defer { snd_device_name_free_hint(hints) }
  var devices: [CaptureDevice] = []
  var at = hints
  while let hint = at.pointee {
    at += 1
    // No direction means both. `null` gives nothing but zeros, as fast as they are read.
    guard let name = text(hint, "NAME"), name != "null", text(hint, "IOID") ?? "Input" == "Input" else { continue }
    let description = text(hint, "DESC") ?? ""
    let line = description.split(separator: "\n").joined(separator: ", ")
    devices.append(CaptureDevice(name: name, description: line))
  }
  return devices
}

private func text(_ hint: UnsafeMutableRawPointer, _ key: String) -> String? {
  guard let value = snd_device_name_get_hint(hint, key) else { return nil }
  defer { free(value) }
  return String(cString: value)
}
