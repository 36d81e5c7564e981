import ArgumentParser
import AudioInput

/// How a device is opened, or raw input is taken, and what is done about a device that is not there, or lost.
struct DeviceOptions: ParsableArguments {
  /// `--on-device-loss`.
  enum OnLoss: String, ExpressibleByArgument, CaseIterable, Sendable {
    case restart, quit
  }

  @Flag(
    name: .long,
    help: "The input is raw samples, S16_LE, whatever it begins with, at --rate (16000) with --channels (1).")
  var raw = false

  @Option(name: .long, help: .init("Open the device with this rate.", valueName: "Hz"))
  var rate: Int?

  @Option(name: .long, help: .init("Open the device with so many channels.", valueName: "count"))
  var channels: Int?

  @Option(
    name: .long,
    help: "When the device is unplugged, fails or stands still: wait for it and go on, or quit (default: restart).")
  var onDeviceLoss: OnLoss?

  @Flag(name: .long, help: "Wait for a device that is not there yet.")
  var wait = false

  func validate() throws {
    if let rate, !(1_000...768_000).contains(rate) {
      throw ValidationError("--rate is in Hz: give 1000 to 768000, not \(rate).")
    }
    if let channels, !ChannelMixer.channelCounts.contains(channels) {
      throw ValidationError("--channels: give 1 to 1024, not \(channels).")
    }
  }

  /// - Parameters:
  ///   - input: what `--input` names.
  ///   - sound: with the channel that is wanted.
  func check(input: String?, _ sound: SoundSettings) throws {
    if let channel = sound.channel, let channels, channel >= channels {
      throw ValidationError("--channel \(channel): of \(channels) channels the last is \(channels - 1).")
    }
    guard let input else {
      if raw { throw ValidationError("--raw says what --input is: give that, too.") }
      return
    }
    let forDevices = [("--on-device-loss", onDeviceLoss != nil), ("--wait", wait)].first { $0.1 }?.0
    if let forDevices { throw ValidationError("\(forDevices) is for devices, and --input names \(input).") }
    if !raw && (rate != nil || channels != nil) {
      throw ValidationError(
        "\(rate != nil ? "--rate" : "--channels") is for devices and for raw input: a sound file says it itself. Where \(input) "
          + "is raw, add --raw.")
    }
  }

  func settings(_ sound: SoundSettings) -> CaptureSettings {
    var settings = CaptureSettings()
    settings.sound = sound
    settings.rate_hz = rate
    settings.channels = channels
    return settings
  }

  /// nil: the input says what it is.
  var rawFormat: RawFormat? {
    guard raw else { return nil }
    var format = RawFormat()
    format.rate_hz = rate ?? format.rate_hz
    format.channels = channels ?? format.channels
    return format
  }

  var policy: CapturePolicy {
    var policy = CapturePolicy()
    policy.reopens = onDeviceLoss != .quit
    policy.waitsAtStart = wait
    return policy
  }
}
