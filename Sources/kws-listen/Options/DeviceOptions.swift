import ArgumentParser
import AudioInput

/// How a device is opened, and what is done about one that is not there, or lost.
struct DeviceOptions: ParsableArguments {
  /// `--on-device-loss`.
  enum OnLoss: String, ExpressibleByArgument, CaseIterable, Sendable {
    case restart, quit
  }

  @Option(
    name: .long,
    help: .init("The one channel to hear, from 1, or mix: the mean of all (default: mix).", valueName: "channel"))
  var channel: ChannelChoice?

  @Option(name: .long, help: .init("Open the device with this rate.", valueName: "Hz"))
  var rate: Int?

  @Option(name: .long, help: .init("Open the device with so many channels.", valueName: "count"))
  var channels: Int?

  @Option(name: .long, parsing: .unconditional, help: .init("Amplify, -60 to 60 dB.", valueName: "dB"))
  var gain: Double?

  @Option(
    name: .long,
    help: "When the device is unplugged, fails or stands still: wait for it and go on, or quit (default: restart).")
  var onDeviceLoss: OnLoss?

  @Flag(name: .long, help: "Wait for a device that is not there yet.")
  var wait = false

  /// The first of these options that was given.
  var used: String? {
    let given = [
      ("--channel", channel != nil), ("--rate", rate != nil), ("--channels", channels != nil), ("--gain", gain != nil),
      ("--on-device-loss", onDeviceLoss != nil), ("--wait", wait),
    ]
    return given.first { $0.1 }?.0
  }

  func validate() throws {
    if let rate, !(1_000...768_000).contains(rate) {
      throw ValidationError("--rate is in Hz: give 1000 to 768000, not \(rate).")
    }
    if let channels, !(1...32).contains(channels) {
      throw ValidationError("--channels: give 1 to 32, not \(channels).")
    }
    if let gain, !(-60...60).contains(gain) { throw ValidationError("--gain: give -60 to 60 dB, not \(gain).") }
    if case .one(let channel) = channel, channel > channels ?? 32 {
      throw ValidationError("--channel \(channel): there are only \(channels ?? 32) channels.")
    }
  }

  var settings: CaptureSettings {
    var settings = CaptureSettings()
    if case .one(let number) = channel { settings.channel = number }
    settings.rate_hz = rate
    settings.channels = channels
    settings.gain_dB = gain ?? 0
    return settings
  }

  var policy: CapturePolicy {
    var policy = CapturePolicy()
    policy.reopens = onDeviceLoss != .quit
    policy.waitsAtStart = wait
    return policy
  }
}

/// `--channel`: a number from 1, or `mix`.
enum ChannelChoice: ExpressibleByArgument, Equatable, Sendable {
  case mix
  case one(Int)

  init?(argument: String) {
    if argument == "mix" {
      self = .mix
    } else if let number = Int(argument), number >= 1 {
      self = .one(number)
    } else {
      return nil
    }
  }
}
