import AudioInput
import CommandSupport

/// `--list-devices`.
struct DeviceListing {
  let format: OutputFormat

  func print() throws {
    let devices = captureDevices()
    let output = StandardOutput()
    switch format {
    case .text:
      if devices.isEmpty {
        Diagnostics.say("no capture device found; is a microphone plugged in?", command: "kws-listen")
      }
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
