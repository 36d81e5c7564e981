import ArgumentParser
import AudioInput

/// Which channel is heard, and how loud.
package struct SoundOptions: ParsableArguments {
  @Option(
    name: .long,
    help: .init("The one channel to hear, from 0, or mix: the mean of all (default: mix).", valueName: "channel"))
  var channel: ChannelChoice?

  @Option(name: .long, parsing: .unconditional, help: .init("Amplify, -60 to 60 dB.", valueName: "dB"))
  var gain: Double?

  package init() {}

  package func validate() throws {
    if let gain, !(-60...60).contains(gain) { throw ValidationError("--gain: give -60 to 60 dB, not \(gain).") }
  }

  package var settings: SoundSettings {
    var settings = SoundSettings()
    if case .one(let number) = channel { settings.channel = number }
    settings.gain_dB = gain ?? 0
    return settings
  }

  package var isUsed: Bool { channel != nil || gain != nil }
}

/// `--channel`: a number from 0, or `mix`.
enum ChannelChoice: ExpressibleByArgument, Equatable, Sendable {
  case mix
  case one(Int)

  init?(argument: String) {
    if argument == "mix" {
      self = .mix
    } else if let number = Int(argument), (0..<ChannelMixer.channelCounts.upperBound).contains(number) {
      self = .one(number)
    } else {
      return nil
    }
  }
}
