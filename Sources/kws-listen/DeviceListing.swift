import AudioInput
import CommandSupport

/// `--list-devices`.
struct DeviceListing {
  let format: OutputFormat
  /// Also alsa-lib's plugins, which are there with and without a card.
  let listsAll: Bool

  func print() throws {
    let found = captureDevices()
    if !found.contains(where: { $0.number != nil }) {
      Diagnostics.say(
        "no sound card to record from; is a microphone plugged in, and this user in the group `audio`?",
        command: "kws-listen")
    }
    let names = found.map(\.name)
    let devices = found + (listsAll ? configuredDevices().filter { !names.contains($0.name) } : [])
    let output = StandardOutput()
    try output.write(format == .text ? text(devices) : devices.map { json($0).text + "\n" }.joined())
    try output.flush()
    if format == .text, let first = devices.first {
      Diagnostics.say("to listen to the first: kws-listen --device \(first.name)", command: "kws-listen")
    }
  }

  func text(_ devices: [CaptureDevice]) -> String {
    var table = TextTable(leftColumns: 4)
    for device in devices { table.add([device.name, rates(device), channels(device), device.description]) }
    return table.text
  }

  private func rates(_ device: CaptureDevice) -> String {
    guard let rates = device.abilities?.rates_hz else { return device.number == nil ? "" : "in use" }
    return rates.count == 1 ? "\(rates.lowerBound) Hz" : "\(rates.lowerBound)-\(rates.upperBound) Hz"
  }

  private func channels(_ device: CaptureDevice) -> String {
    guard let channels = device.abilities?.channels else { return "" }
    return channels.count == 1 ? "\(channels.lowerBound) ch" : "\(channels.lowerBound)-\(channels.upperBound) ch"
  }

  private func json(_ device: CaptureDevice) -> JSONValue {
    let abilities = device.abilities
    return .object([
      ("device", .string(device.name)), ("description", .string(device.description)),
      ("number", device.number.map(JSONValue.string) ?? .null),
      ("rates_hz", abilities.map { .integers([$0.rates_hz.lowerBound, $0.rates_hz.upperBound]) } ?? .null),
      ("channels", abilities.map { .integers([$0.channels.lowerBound, $0.channels.upperBound]) } ?? .null),
    ])
  }
}
