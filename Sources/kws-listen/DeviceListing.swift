import AudioInput
import CommandSupport

/// `--list-devices`.
struct DeviceListing {
  let format: OutputFormat

  func print() throws {
    let devices = captureDevices()
    let output = StandardOutput()
    // The rest are plugins of alsa-lib, there with and without a card.
    if !devices.contains(where: { $0.name.hasPrefix("hw:") }) {
      Diagnostics.say(
        "no sound card to record from; is a microphone plugged in, and this user in the group `audio`?",
        command: "kws-listen")
    }
    switch format {
    case .text:
      var table = TextTable(leftColumns: 2)
      for device in devices { table.add([device.name, device.description]) }
      try output.write(table.text)
    case .json:
      for device in devices {
        let value = JSONValue.object([("device", .string(device.name)), ("description", .string(device.description))])
        try output.write(value.text + "\n")
      }
    }
    try output.flush()
  }
}
