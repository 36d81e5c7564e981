import CALSA
import Glibc

/// A device that `LastingCapture` may open.
public struct CaptureDevice: Equatable, Sendable {
  /// What it takes, such as `hw:CARD=Mic,DEV=0`: for a card, a name that it keeps when it gets another number.
  public let name: String
  /// In words, for a person to choose by.
  public let description: String
  /// The same card's device by number, such as `hw:1,0`; nil for what is no card's.
  public let number: String?
  /// Lowest and highest rate in Hz, fewest and most channels, if it can be opened now.
  public let abilities: Abilities?

  /// What a device can do.
  public struct Abilities: Equatable, Sendable {
    /// Frames a second.
    public let rates_hz: ClosedRange<Int>
    /// Samples in a frame.
    public let channels: ClosedRange<Int>
  }
}

/// What can record: the cards' own devices, then `default` where it can be opened.
public func captureDevices() -> [CaptureDevice] {
  let messages = ALSAMessages()
  var devices = cardDevices()
  if let abilities = abilities(of: "default") {
    devices.append(
      CaptureDevice(
        name: "default", description: "what the system has as default, such as its sound server", number: nil,
        abilities: abilities))
  }
  _ = consume messages  // not needed: only kept from being printed
  return devices
}

/// All that alsa-lib's configuration offers (`default`, `plughw:CARD=...`, plugins), whether or not it can be opened.
public func configuredDevices() -> [CaptureDevice] {
  let messages = ALSAMessages()
  let devices = hintedDevices()
  _ = consume messages
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
      let number = "hw:\(card),\(device)"
      devices.append(
        CaptureDevice(
          name: stableName(of: number), description: "\(cardName(card)), \(deviceName)", number: number,
          abilities: abilities(of: number)))
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

/// nil: it cannot be opened (in use, no permission, no such thing).
private func abilities(of device: String) -> CaptureDevice.Abilities? {
  var opened: OpaquePointer?
  guard snd_pcm_open(&opened, device, SND_PCM_STREAM_CAPTURE, Int32(SND_PCM_NONBLOCK)) == 0, let pcm = opened else {
    return nil
  }
  defer { snd_pcm_close(pcm) }
  var allocated: OpaquePointer?
  guard snd_pcm_hw_params_malloc(&allocated) == 0, let parameters = allocated else { return nil }
  defer { snd_pcm_hw_params_free(parameters) }
  guard snd_pcm_hw_params_any(pcm, parameters) >= 0 else { return nil }
  var (lowest, highest, fewest, most) = (UInt32(0), UInt32(0), UInt32(0), UInt32(0))
  guard snd_pcm_hw_params_get_rate_min(parameters, &lowest, nil) == 0,
    snd_pcm_hw_params_get_rate_max(parameters, &highest, nil) == 0,
    snd_pcm_hw_params_get_channels_min(parameters, &fewest) == 0,
    snd_pcm_hw_params_get_channels_max(parameters, &most) == 0, lowest <= highest, fewest <= most
  else { return nil }
  return CaptureDevice.Abilities(rates_hz: Int(lowest)...Int(highest), channels: Int(fewest)...Int(most))
}

private func hintedDevices() -> [CaptureDevice] {
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
    devices.append(CaptureDevice(name: name, description: line, number: nil, abilities: nil))
  }
  return devices
}

private func text(_ hint: UnsafeMutableRawPointer, _ key: String) -> String? {
  guard let value = snd_device_name_get_hint(hint, key) else { return nil }
  defer { free(value) }
  return String(cString: value)
}
